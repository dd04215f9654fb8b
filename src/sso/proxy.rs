//! Looks at each request's assertion: finds it among the headers, finds the key, has it verified.

use std::sync::Arc;

use crate::clock::Clock;
use crate::config::{AssertionFormat, Outbound};
use crate::sso::assertion::{self, Assertion};
use crate::sso::http::Http;
use crate::sso::jwks::{KeySet, NoKey};
use crate::sso::jwt::TokenError;

/// Why a request has no proven user; for the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// There is no assertion.
    #[error("there is no assertion: the request did not come through the proxy")]
    Missing,
    /// There are several, and one can't know which the proxy wrote.
    #[error("there is more than one assertion")]
    Several,
    /// The assertion proves nothing.
    #[error("the assertion is not valid: {0}")]
    TokenError(#[from] TokenError),
    /// The keys were never had.
    #[error("the keys of the identity provider could not be fetched yet")]
    NoKeys,
}

/// Knows the format and the keys.
#[derive(Debug)]
pub struct ProxyAuthenticator {
    format: AssertionFormat,
    keys: Arc<KeySet>,
    clock: Clock,
}

impl ProxyAuthenticator {
    /// One who knows no key yet.
    pub fn new(format: AssertionFormat, outbound: &Outbound, clock: Clock) -> Self {
        let http = Http::new(format.keys.url().scheme() != "http", outbound);
        Self { keys: KeySet::new(format.keys.clone(), http, clock.clone()), format, clock }
    }

    /// Begins to fetch the keys, in the background.
    pub fn prepare(&self) {
        self.keys.prepare();
    }

    /// How assertions look.
    pub fn format(&self) -> &AssertionFormat {
        &self.format
    }

    /// Who sends a request. `headers` are the values of the format's header, `cookies` those of all `Cookie` headers.
    ///
    /// The proxy writes the header, the browser the cookie: if there is a header, the cookie is not looked at.
    pub async fn identify<'a>(
        &self,
        headers: impl Iterator<Item = &'a [u8]>,
        cookies: impl Iterator<Item = &'a [u8]>,
    ) -> Result<Assertion, Refused> {
        let token = match only(headers)? {
            Some(token) => token,
            None => self.in_cookie(cookies)?.ok_or(Refused::Missing)?,
        };
        let token = std::str::from_utf8(token).map_err(|_| TokenError::Malformed)?.trim();
        if token.is_empty() {
            return Err(Refused::Missing);
        }
        let unverified = assertion::read(&self.format, token)?;
        let key = match self.keys.find(unverified.kid(), unverified.algorithm()).await {
            Ok(key) => key,
            Err(NoKey::Never) => return Err(Refused::NoKeys),
            Err(none) => return Err(TokenError::from(none).into()),
        };
        match assertion::verify(&self.format, &unverified, &key, self.clock.now()) {
            Err(TokenError::Signature) => {
                let other = self.keys.find_other(&key, unverified.kid(), unverified.algorithm()).await;
                let other = other.ok_or(TokenError::Signature)?;
                Ok(assertion::verify(&self.format, &unverified, &other, self.clock.now())?)
            }
            verified => Ok(verified?),
        }
    }

    fn in_cookie<'a>(&self, cookies: impl Iterator<Item = &'a [u8]>) -> Result<Option<&'a [u8]>, Refused> {
        let Some(wanted) = &self.format.cookie else { return Ok(None) };
        only(cookies.flat_map(|line| line.split(|byte| *byte == b';')).filter_map(|pair| {
            let pair = pair.trim_ascii();
            let at = pair.iter().position(|byte| *byte == b'=')?;
            let (name, value) = pair.split_at_checked(at)?;
            (name == wanted.as_bytes()).then_some(value.get(1..)?)
        }))
    }
}

/// The one there is, if there is one.
fn only<'a>(mut values: impl Iterator<Item = &'a [u8]>) -> Result<Option<&'a [u8]>, Refused> {
    match (values.next(), values.next()) {
        (_, Some(_)) => Err(Refused::Several),
        (first, None) => Ok(first),
    }
}
