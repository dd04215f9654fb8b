//! The identity in a proxy's assertion. The token itself is verified by [`jwt`](super::jwt).

use serde_json::{Map, Value};

use super::claims;
use super::jwks::Key;
use super::jwt::{self, Expected, TokenError, UnverifiedToken, VerifiedToken};
use crate::config::{AssertionFormat, ClaimSource};
use crate::domain::{Identity, Millis, ProviderGroups};

/// A valid assertion.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assertion {
    pub identity: Identity,
    /// When it expires, including clock skew.
    pub until: Millis,
    /// When the person signed in at the proxy, as far as the assertion says: its `auth_time`, or when it was issued.
    pub signed_in: Option<Millis>,
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
    let signed_in = signed_in(format.source, &claims).map(|at| at.min(now));
    Ok(Assertion { identity: identity(format, subject, &claims)?, until, signed_in })
}

/// A time that can't be read is none: it confirms nothing.
fn signed_in(source: ClaimSource, claims: &Map<String, Value>) -> Option<Millis> {
    match source {
        ClaimSource::Header => None,
        ClaimSource::Claims if claims.contains_key("auth_time") => jwt::time(claims, "auth_time").ok()?,
        ClaimSource::Claims => jwt::time(claims, "iat").ok()?,
    }
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
