//! A person's identity, as proven by an identity provider.

use super::Email;

/// A proven identity. The subject names a person at its issuer for good; the address may change hands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Who says so: the provider's own name for itself.
    pub issuer: String,
    /// The person, as the issuer names them; never reassigned.
    pub subject: String,
    /// The address.
    pub email: Email,
    /// Whether the issuer has verified that the address is this person's.
    pub verified: bool,
    /// The names of the groups that the issuer puts the person in; none if it does not say.
    pub groups: Option<Vec<String>>,
}

impl Identity {
    /// The issuer of [`Identity::claimed`].
    pub const MOCK: &'static str = "mock";

    /// Whether it proves that an address is this person's: the very one, and verified. A person may have come with
    /// another address before.
    pub fn proves(&self, email: &Email) -> bool {
        self.verified && self.email == *email
    }

    /// An address that is claimed without proof, for the demo.
    pub fn claimed(email: Email) -> Self {
        let subject = email.as_str().to_owned();
        Self { issuer: Self::MOCK.into(), subject, email, verified: true, groups: None }
    }
}
