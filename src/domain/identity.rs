//! A person's identity, as proven by an identity provider.

use serde::{Deserialize, Serialize};

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
    pub groups: ProviderGroups,
}

/// What the issuer says about the person's groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProviderGroups {
    /// This way of signing in knows no groups.
    NotUsed,
    Listed(Vec<String>),
    /// It lists none. Providers leave the claim out where a person has no groups, so this is the same as an empty list;
    /// it is also what a mistake in the settings looks like.
    Missing,
    /// The person has groups, but they could not be learned.
    Unknown(UnknownGroups),
}

/// Why a person's groups are not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnknownGroups {
    /// There are more than fit into a token.
    TooMany,
    /// The provider did not answer the question for them.
    NoAnswer,
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
        Self { issuer: Self::MOCK.into(), subject, email, verified: true, groups: ProviderGroups::NotUsed }
    }
}
