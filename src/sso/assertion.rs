//! What a proxy's assertion says of a person. The token itself is checked by [`jwt`](super::jwt).

use serde_json::{Map, Value};

use super::claims;
use super::jwks::Key;
use super::jwt::{Expected, TokenError, UnverifiedToken, VerifiedToken};
use crate::config::AssertionFormat;
use crate::domain::{Identity, Millis, ProviderGroups};

/// A valid assertion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assertion {
    pub identity: Identity,
    /// Until when it holds, clock skew included.
    pub until: Millis,
}

/// Reads a token of this format. Proxies name the key that they sign with.
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
    token: &Map<String, Value>,
) -> Result<Identity, TokenError> {
    let email = claims::email(token, &format.email_claim)?;
    let verified = claims::is_verified(token, &format.email_claim, format.trust);
    let groups = match token.get(&format.groups_claim) {
        // Proxies send a list.
        Some(Value::String(_)) => ProviderGroups::Missing,
        Some(_) | None => claims::groups(token, &format.groups_claim),
    };
    Ok(Identity { issuer: format.issuer.clone(), subject, email, verified, groups })
}
