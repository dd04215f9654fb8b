//! A person's identity, as authenticated by an identity provider.

use super::Email;

/// An authenticated identity. A subject always means the same person at its issuer; an address may be reassigned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The identity provider's name for itself.
    pub issuer: String,
    /// The issuer's id of the person; never reassigned.
    pub subject: String,
    pub email: Email,
    /// Whether the issuer has verified the address.
    pub verified: bool,
    /// The names of the person's groups at the issuer; none if it does not send them.
    pub groups: Option<Vec<String>>,
}

impl Identity {
    /// The issuer of [`Identity::claimed`].
    pub const MOCK: &'static str = "mock";

    /// Whether it proves that this address belongs to the person: it is verified and the same. The person may have signed
    /// in with another address before.
    pub fn proves(&self, email: &Email) -> bool {
        self.verified && self.email == *email
    }

    /// An address claimed without proof, for demo mode.
    pub fn claimed(email: Email) -> Self {
        let subject = email.as_str().to_owned();
        Self { issuer: Self::MOCK.into(), subject, email, verified: true, groups: None }
    }
}
