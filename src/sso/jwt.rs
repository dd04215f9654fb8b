//! Verifies signed tokens (JWS in compact form): the assertions of a proxy and the ID tokens of an OpenID provider.
//!
//! The accepted algorithms, issuer and audience are never taken from the token. A claim whose type differs from the
//! standard makes the token invalid instead of being ignored. The caller provides the key and the time.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::jwks::{Key, NoKey};
use crate::config::{Audience, ClaimSource};
use crate::domain::Millis;

/// The longest token, in bytes. Real ones have one or two thousand, or more with many groups.
pub const MAX_TOKEN: usize = 64 * 1024;
const MAX_KID: usize = 256;
const MAX_SUBJECT: usize = 255;
/// The last accepted time in seconds: the end of the year 9999.
const END_OF_TIME: u64 = 253_402_300_799;

/// Why a token is not valid, for the log. It contains nothing of the token, which is untrusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    #[error("it is longer than {MAX_TOKEN} bytes")]
    TooLong,
    #[error("it is not a signed token")]
    Malformed,
    #[error("it is signed with an algorithm that is not accepted")]
    Algorithm,
    #[error("it has critical extensions, and none is supported")]
    Critical,
    #[error("it does not name its key")]
    NoKey,
    #[error("it names a key that the provider does not have")]
    UnknownKey,
    #[error("it does not say which of several keys signed it")]
    SeveralKeys,
    #[error("its signature is wrong")]
    Signature,
    #[error("it comes from another issuer")]
    Issuer,
    #[error("it is for another audience")]
    Audience,
    #[error("its claim {0} is missing or not a time")]
    Time(&'static str),
    #[error("it has expired")]
    Expired,
    #[error("it is from the future")]
    Future,
    #[error("it has no subject, as service tokens have none")]
    NoSubject,
    #[error("it has no e-mail address, as service tokens have none")]
    NoEmail,
    #[error("its e-mail address can't be used")]
    Email,
    #[error("it was made for another sign-in (nonce)")]
    Nonce,
    #[error("it was issued to another client (azp)")]
    AuthorizedParty,
}

impl From<NoKey> for TokenError {
    fn from(none: NoKey) -> Self {
        match none {
            NoKey::Unknown | NoKey::Never => Self::UnknownKey,
            NoKey::Kind => Self::Algorithm,
            NoKey::Several => Self::SeveralKeys,
        }
    }
}

/// The requirements for a token.
#[derive(Clone, Copy, Debug)]
pub(super) struct Expected<'a> {
    pub(super) algorithms: &'a [Algorithm],
    pub(super) issuer: &'a str,
    pub(super) audience: &'a Audience,
    /// Where the issuer and the expiry are.
    pub(super) source: ClaimSource,
    /// Accepted clock skew, in seconds.
    pub(super) skew: i64,
}

/// A well-formed token whose signature is not verified yet.
#[derive(Clone)]
pub struct UnverifiedToken<'a> {
    message: &'a str,
    signature: &'a str,
    claims: &'a str,
    algorithm: Algorithm,
    kid: Option<String>,
    header: Map<String, Value>,
}

/// A valid token.
#[derive(Debug)]
pub(super) struct VerifiedToken {
    pub(super) subject: String,
    /// When it expires, including clock skew.
    pub(super) until: Millis,
    pub(super) claims: Map<String, Value>,
}

#[derive(Deserialize)]
struct Head {
    alg: String,
    kid: Option<String>,
}

impl<'a> UnverifiedToken<'a> {
    pub(super) fn read(token: &'a str, expected: &Expected<'_>) -> Result<Self, TokenError> {
        if token.len() > MAX_TOKEN {
            return Err(TokenError::TooLong);
        }
        let (message, signature) = token.rsplit_once('.').ok_or(TokenError::Malformed)?;
        let (head, claims) = message.split_once('.').ok_or(TokenError::Malformed)?;
        if claims.contains('.') {
            return Err(TokenError::Malformed);
        }
        let header = object(expected.source, head)?;
        let head: Head =
            serde_json::from_value(Value::Object(header.clone())).map_err(|_| TokenError::Malformed)?;
        // "none" is not an algorithm here and can't be parsed as one.
        let algorithm = head.alg.parse::<Algorithm>().map_err(|_| TokenError::Algorithm)?;
        if !expected.algorithms.contains(&algorithm) {
            return Err(TokenError::Algorithm);
        }
        if header.contains_key("crit") {
            return Err(TokenError::Critical);
        }
        if head.kid.as_ref().is_some_and(|kid| kid.is_empty() || kid.len() > MAX_KID) {
            return Err(TokenError::NoKey);
        }
        let signature = unpadded(expected.source, signature);
        Ok(Self { message, signature, claims, algorithm, kid: head.kid, header })
    }

    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The id of the key that it claims to be signed with.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    pub(super) fn verify(
        &self,
        expected: &Expected<'_>,
        key: &Key,
        now: Millis,
    ) -> Result<VerifiedToken, TokenError> {
        if !key.signs(self.algorithm) {
            return Err(TokenError::Algorithm);
        }
        let message = self.message.as_bytes();
        let holds = jsonwebtoken::crypto::verify(self.signature, message, key.decoding(), self.algorithm);
        if !holds.unwrap_or(false) {
            return Err(TokenError::Signature);
        }
        check(&self.header, object(expected.source, self.claims)?, expected, now)
    }
}

/// Checks everything but the signature.
pub(super) fn check(
    header: &Map<String, Value>,
    claims: Map<String, Value>,
    expected: &Expected<'_>,
    now: Millis,
) -> Result<VerifiedToken, TokenError> {
    let issued = match expected.source {
        ClaimSource::Claims => &claims,
        ClaimSource::Header => header,
    };
    if text(issued, "iss") != Some(expected.issuer) {
        return Err(TokenError::Issuer);
    }
    match expected.audience {
        Audience::Claim(ours) => is_for(claims.get("aud"), ours)?,
        Audience::Signer(ours) if text(header, "signer") == Some(ours) => {}
        Audience::Signer(_) => return Err(TokenError::Audience),
    }
    let until = times(expected, issued, now)?;
    let subject = text(&claims, "sub").filter(|subject| {
        !subject.is_empty() && subject.len() <= MAX_SUBJECT && !subject.chars().any(char::is_control)
    });
    let subject = subject.ok_or(TokenError::NoSubject)?.to_owned();
    Ok(VerifiedToken { subject, until, claims })
}

/// The JSON object in one part of a token.
fn object(source: ClaimSource, part: &str) -> Result<Map<String, Value>, TokenError> {
    let bytes = URL_SAFE_NO_PAD.decode(unpadded(source, part)).map_err(|_| TokenError::Malformed)?;
    match super::json::parse(&bytes) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) | Err(_) => Err(TokenError::Malformed),
    }
}

/// AWS load balancers pad the parts of a token; the signature covers the padded parts.
fn unpadded(source: ClaimSource, part: &str) -> &str {
    match source {
        ClaimSource::Claims => part,
        ClaimSource::Header => part.trim_end_matches('='),
    }
}

pub(super) fn text<'a>(claims: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    claims.get(name)?.as_str()
}

/// Checks that the audience is, or includes, one of ours.
fn is_for(audience: Option<&Value>, ours: &[String]) -> Result<(), TokenError> {
    let is_ours = |name: &Value| name.as_str().is_some_and(|name| ours.iter().any(|own| own == name));
    let found = match audience {
        Some(Value::Array(all)) => all.iter().all(Value::is_string) && all.iter().any(is_ours),
        Some(one) => is_ours(one),
        None => false,
    };
    if found { Ok(()) } else { Err(TokenError::Audience) }
}

/// Checks all times that are present; returns when the token expires.
fn times(expected: &Expected<'_>, claims: &Map<String, Value>, now: Millis) -> Result<Millis, TokenError> {
    let until = time(claims, "exp")?.ok_or(TokenError::Time("exp"))?.plus_seconds(expected.skew);
    if until <= now {
        return Err(TokenError::Expired);
    }
    let (issued, not_before) = (time(claims, "iat")?, time(claims, "nbf")?);
    // AWS load balancers send only the expiry.
    if expected.source == ClaimSource::Claims && issued.is_none() && not_before.is_none() {
        return Err(TokenError::Time("iat"));
    }
    let latest = now.plus_seconds(expected.skew);
    if [issued, not_before].into_iter().flatten().any(|begin| begin > latest) {
        return Err(TokenError::Future);
    }
    Ok(until)
}

/// A time in whole seconds; it must be a number, not a string of digits.
pub(super) fn time(claims: &Map<String, Value>, name: &'static str) -> Result<Option<Millis>, TokenError> {
    let Some(value) = claims.get(name) else { return Ok(None) };
    let seconds = value.as_u64().filter(|seconds| *seconds <= END_OF_TIME).ok_or(TokenError::Time(name))?;
    let seconds = i64::try_from(seconds).map_err(|_| TokenError::Time(name))?;
    Ok(Some(Millis(0).plus_seconds(seconds)))
}

impl fmt::Debug for UnverifiedToken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UnverifiedToken")
    }
}
