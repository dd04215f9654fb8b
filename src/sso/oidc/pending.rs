//! An attempt to sign in: the random values sent with it, to be checked in the answer.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::domain::{Millis, UserId};

/// Milliseconds that a person may spend at the provider.
pub const LIFE: i64 = 10 * 60 * 1000;

/// Kept by the browser, sealed, from the way to the provider until the way back. Each is good for one answer.
#[derive(Clone, Serialize, Deserialize)]
pub struct PendingAuthorization {
    /// Returned in the answer: shows that it belongs to this browser.
    pub(crate) state: String,
    /// Returned in the signed token: shows that it was issued for this attempt.
    pub(crate) nonce: String,
    /// The PKCE verifier: proves to the provider that the code is redeemed by the client that requested it.
    pub(crate) verifier: String,
    /// When it expires, in Unix milliseconds.
    pub(crate) until: i64,
    /// Where the person goes after the sign-in.
    pub next: String,
    /// Set if it is not a sign-in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirms: Option<PendingConfirmation>,
}

/// A person who is signed in and confirms their identity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PendingConfirmation {
    pub person: UserId,
    /// The id of their web session.
    pub session: String,
    /// When they were sent to the provider, in Unix milliseconds.
    pub sent: i64,
}

impl PendingAuthorization {
    pub(crate) fn new(now: Millis, next: String) -> Result<Self, getrandom::Error> {
        let [state, nonce, verifier] = [random()?, random()?, random()?];
        Ok(Self { state, nonce, verifier, until: now.0 + LIFE, next, confirms: None })
    }

    /// Whether it may still be answered.
    pub fn is_open(&self, now: Millis) -> bool {
        self.until > now.0
    }

    /// Whether an answer with this `state` belongs to it.
    pub fn is(&self, state: &str) -> bool {
        self.state == state
    }

    /// The PKCE challenge: the SHA-256 of the verifier.
    pub(crate) fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(&self.verifier))
    }
}

/// Its contents are secret.
impl std::fmt::Debug for PendingAuthorization {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PendingAuthorization").field("until", &self.until).finish_non_exhaustive()
    }
}

/// 256 random bits, as 43 characters.
fn random() -> Result<String, getrandom::Error> {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_matches_the_example_of_the_standard() {
        let mut attempt = PendingAuthorization::new(Millis(5), "/accounts".into()).unwrap();
        assert_eq!((attempt.until, attempt.verifier.len()), (600_005, 43));
        assert!(attempt.state != attempt.nonce && attempt.nonce != attempt.verifier);
        // RFC 7636, appendix B.
        attempt.verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk".into();
        assert_eq!(attempt.challenge(), "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM");
    }
}
