//! The identity in a proxy's assertion. The token itself is verified by [`jwt`](super::jwt).

use serde_json::{Map, Value};

use super::jwks::Key;
use super::jwt::{Expected, TokenError, UnverifiedToken, VerifiedToken};
use crate::config::AssertionFormat;
use crate::domain::{Email, Identity, Millis};

/// A valid assertion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assertion {
    pub identity: Identity,
    /// When it expires, including clock skew.
    pub until: Millis,
}

/// Parses a token of this format. It must name its key.
pub fn read<'a>(format: &AssertionFormat, token: &'a str) -> Result<UnverifiedToken<'a>, TokenError> {
    let token = UnverifiedToken::read(token, &expected(format))?;
    if token.kid().is_none() { Err(TokenError::NoKey) } else { Ok(token) }
}

/// Verifies a token of this format with the key that it names.
pub fn verify(
    format: &AssertionFormat,
    token: &UnverifiedToken<'_>,
    key: &Key,
    now: Millis,
) -> Result<Assertion, TokenError> {
    let VerifiedToken { subject, until, claims } = token.verify(&expected(format), key, now)?;
    Ok(Assertion { identity: identity(format, subject, &claims)?, until })
}

fn expected(format: &AssertionFormat) -> Expected<'_> {
    Expected {
        algorithms: &format.algorithms,
        issuer: &format.issuer,
        audience: &format.audience,
        source: format.source,
        skew: format.skew,
    }
}

fn identity(
    format: &AssertionFormat,
    subject: String,
    claims: &Map<String, Value>,
) -> Result<Identity, TokenError> {
    let email = match claims.get(&format.email_claim) {
        None | Some(Value::Null) => return Err(TokenError::NoEmail),
        Some(Value::String(address)) if address.is_empty() => return Err(TokenError::NoEmail),
        Some(Value::String(address)) => Email::parse(address).map_err(|_| TokenError::Email)?,
        Some(_) => return Err(TokenError::Email),
    };
    let verified = match claims.get("email_verified") {
        // The proxy vouches for the addresses that it signs, unless it says otherwise.
        None | Some(Value::Bool(true)) => true,
        Some(Value::String(word)) => word == "true",
        Some(_) => false,
    };
    let groups = Some(groups(claims.get("groups")));
    Ok(Identity { issuer: format.issuer.clone(), subject, email, verified, groups })
}

/// The groups in the token. A token without groups removes those of an earlier one.
fn groups(claim: Option<&Value>) -> Vec<String> {
    let names = claim.and_then(Value::as_array).map(|names| names.iter().filter_map(Value::as_str));
    names.into_iter().flatten().map(str::to_owned).collect()
}
