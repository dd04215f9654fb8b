//! What makes a signed assertion true. One verifier for all formats; keys and time are given to it.
//!
//! Three things are never taken from the token: which algorithm may sign, whose word counts, and for whom it has to
//! be. The format says them. A claim that is of another type than the standard's is no claim: it refuses the token
//! instead of being passed over.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::jwks::Key;
use crate::config::{AssertionFormat, Audience, Place};
use crate::domain::{Email, Identity, Millis};

/// Bytes of a token. Real ones have one or two thousand, or some more with many groups.
pub const MAX_TOKEN: usize = 16 * 1024;
/// Bytes of the name of a key.
const MAX_KID: usize = 256;
/// Bytes of a subject.
const MAX_SUBJECT: usize = 255;
/// The last second that counts as a time: the end of the year 9999.
const END_OF_TIME: u64 = 253_402_300_799;

/// Why an assertion proves nothing; for the log. It holds nothing of the token, which may be anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Longer than [`MAX_TOKEN`].
    #[error("it is longer than a token may be")]
    Long,
    /// Not three parts of base64 with JSON in them.
    #[error("it is no signed token")]
    Form,
    /// Signed in a way that the format does not have, or not at all.
    #[error("it is signed by an algorithm that is not taken")]
    Algorithm,
    /// It has extensions that have to be understood.
    #[error("it has critical extensions, and none is known")]
    Critical,
    /// It does not say by which key it is signed.
    #[error("it names no key")]
    NoKey,
    /// No key of that name is known.
    #[error("it names a key that the provider does not have")]
    UnknownKey,
    /// Several keys of that name are.
    #[error("it names a key of which the provider has several")]
    SeveralKeys,
    /// The signature is not that key's.
    #[error("its signature does not hold")]
    Signature,
    /// Somebody else has signed.
    #[error("it comes from another issuer")]
    Issuer,
    /// It is for another program.
    #[error("it is for another audience")]
    Audience,
    /// A time is missing or is not a whole number of seconds.
    #[error("its claim {0} is missing or no time")]
    Time(&'static str),
    /// It is over.
    #[error("it has expired")]
    Expired,
    /// It begins later.
    #[error("it is from the future")]
    Future,
    /// It names no person.
    #[error("it has no subject: a service token, which is no person")]
    NoSubject,
    /// It has no address.
    #[error("it has no e-mail address: a service token, which is no person")]
    NoEmail,
    /// It has one that is none.
    #[error("its e-mail address can't be used")]
    Email,
}

/// A true assertion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assertion {
    /// Who it is.
    pub identity: Identity,
    /// Until when it holds, the difference of clocks included.
    pub until: Millis,
}

/// A token that is well formed and says which key it wants to be measured by. It proves nothing yet.
#[derive(Clone)]
pub struct UnverifiedToken<'a> {
    message: &'a str,
    signature: &'a str,
    algorithm: Algorithm,
    header: Map<String, Value>,
    kid: String,
    claims: &'a str,
}

#[derive(Deserialize)]
struct Head {
    alg: String,
    kid: Option<String>,
}

impl<'a> UnverifiedToken<'a> {
    /// Reads a token.
    pub fn read(format: &AssertionFormat, token: &'a str) -> Result<Self, TokenError> {
        if token.len() > MAX_TOKEN {
            return Err(TokenError::Long);
        }
        let (message, signature) = token.rsplit_once('.').ok_or(TokenError::Form)?;
        let (head, claims) = message.split_once('.').ok_or(TokenError::Form)?;
        if claims.contains('.') {
            return Err(TokenError::Form);
        }
        let header = object(format.place, head)?;
        let head: Head =
            serde_json::from_value(Value::Object(header.clone())).map_err(|_| TokenError::Form)?;
        // "none" is no algorithm here and can't be read as one.
        let algorithm = head.alg.parse::<Algorithm>().map_err(|_| TokenError::Algorithm)?;
        if !format.algorithms.contains(&algorithm) {
            return Err(TokenError::Algorithm);
        }
        if header.contains_key("crit") {
            return Err(TokenError::Critical);
        }
        let kid = head.kid.filter(|kid| !kid.is_empty() && kid.len() <= MAX_KID).ok_or(TokenError::NoKey)?;
        Ok(Self { message, signature: unpadded(format.place, signature), algorithm, header, kid, claims })
    }

    /// How it says that it is signed: in one of the format's ways.
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The key that it names.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// Measures it by that key, at that time.
    pub fn verify(&self, format: &AssertionFormat, key: &Key, now: Millis) -> Result<Assertion, TokenError> {
        if !key.signs(self.algorithm) {
            return Err(TokenError::Algorithm);
        }
        let holds = jsonwebtoken::crypto::verify(
            self.signature,
            self.message.as_bytes(),
            key.decoding(),
            self.algorithm,
        );
        if !holds.unwrap_or(false) {
            return Err(TokenError::Signature);
        }
        let claims = object(format.place, self.claims)?;
        let sealed = match format.place {
            Place::Claims => &claims,
            Place::Header => &self.header,
        };
        if text(sealed, "iss") != Some(format.issuer.as_str()) {
            return Err(TokenError::Issuer);
        }
        match &format.audience {
            Audience::Claim(ours) => is_for(claims.get("aud"), ours)?,
            Audience::Signer(ours) if text(&self.header, "signer") == Some(ours) => {}
            Audience::Signer(_) => return Err(TokenError::Audience),
        }
        let until = times(format, sealed, now)?;
        let identity = identity(format, &claims)?;
        Ok(Assertion { identity, until })
    }
}

/// The object in one part of a token.
fn object(place: Place, part: &str) -> Result<Map<String, Value>, TokenError> {
    let bytes = URL_SAFE_NO_PAD.decode(unpadded(place, part)).map_err(|_| TokenError::Form)?;
    serde_json::from_slice(&bytes).map_err(|_| TokenError::Form)
}

/// The load balancer of AWS pads its parts; a signature is over the padded ones.
fn unpadded(place: Place, part: &str) -> &str {
    match place {
        Place::Claims => part,
        Place::Header => part.trim_end_matches('='),
    }
}

fn text<'a>(claims: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    claims.get(name)?.as_str()
}

/// Whether one of ours is named, as the only audience or among several.
fn is_for(audience: Option<&Value>, ours: &[String]) -> Result<(), TokenError> {
    let is_ours = |name: &Value| name.as_str().is_some_and(|name| ours.iter().any(|own| own == name));
    let found = match audience {
        Some(Value::Array(all)) => all.iter().all(Value::is_string) && all.iter().any(is_ours),
        Some(one) => is_ours(one),
        None => false,
    };
    if found { Ok(()) } else { Err(TokenError::Audience) }
}

/// Looks at every time there is; until when the assertion holds.
fn times(format: &AssertionFormat, claims: &Map<String, Value>, now: Millis) -> Result<Millis, TokenError> {
    let until = time(claims, "exp")?.ok_or(TokenError::Time("exp"))?.plus_seconds(format.skew);
    if until <= now {
        return Err(TokenError::Expired);
    }
    let (issued, not_before) = (time(claims, "iat")?, time(claims, "nbf")?);
    // The load balancer of AWS says the end only.
    if format.place == Place::Claims && issued.is_none() && not_before.is_none() {
        return Err(TokenError::Time("iat"));
    }
    let latest = now.plus_seconds(format.skew);
    if [issued, not_before].into_iter().flatten().any(|begin| begin > latest) {
        return Err(TokenError::Future);
    }
    Ok(until)
}

/// A time: whole seconds, as a number and not as a text of digits.
fn time(claims: &Map<String, Value>, name: &'static str) -> Result<Option<Millis>, TokenError> {
    let Some(value) = claims.get(name) else { return Ok(None) };
    let seconds = value.as_u64().filter(|seconds| *seconds <= END_OF_TIME).ok_or(TokenError::Time(name))?;
    let seconds = i64::try_from(seconds).map_err(|_| TokenError::Time(name))?;
    Ok(Some(Millis(0).plus_seconds(seconds)))
}

fn identity(format: &AssertionFormat, claims: &Map<String, Value>) -> Result<Identity, TokenError> {
    let email = match claims.get(&format.email_claim) {
        None | Some(Value::Null) => return Err(TokenError::NoEmail),
        Some(Value::String(address)) if address.is_empty() => return Err(TokenError::NoEmail),
        Some(Value::String(address)) => Email::parse(address).map_err(|_| TokenError::Email)?,
        Some(_) => return Err(TokenError::Email),
    };
    let subject = text(claims, "sub").filter(|subject| {
        !subject.is_empty() && subject.len() <= MAX_SUBJECT && !subject.chars().any(char::is_control)
    });
    let verified = match claims.get("email_verified") {
        // Whoever was told to be believed vouches for what it signs, unless it says otherwise.
        None | Some(Value::Bool(true)) => true,
        Some(Value::String(word)) => word == "true",
        Some(_) => false,
    };
    Ok(Identity {
        issuer: format.issuer.clone(),
        subject: subject.ok_or(TokenError::NoSubject)?.to_owned(),
        email,
        verified,
        groups: Some(groups(claims.get("groups"))),
    })
}

/// The groups, if the token has a list of names. One that has none takes those that an earlier one gave.
fn groups(claim: Option<&Value>) -> Vec<String> {
    let names = claim.and_then(Value::as_array).map(|names| names.iter().filter_map(Value::as_str));
    names.into_iter().flatten().map(str::to_owned).collect()
}

impl fmt::Debug for UnverifiedToken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a signed token")
    }
}
