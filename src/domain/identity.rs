//! A person's identity, as authenticated by an identity provider.

use serde::{Deserialize, Serialize};

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

    /// Whether it proves that this address belongs to the person: it is verified and the same. The person may have signed
    /// in with another address before.
    pub fn proves(&self, email: &Email) -> bool {
        self.verified && self.email == *email
    }

    /// An address claimed without proof, for demo mode.
    pub fn claimed(email: Email) -> Self {
        let subject = email.as_str().to_owned();
        Self { issuer: Self::MOCK.into(), subject, email, verified: true, groups: ProviderGroups::NotUsed }
    }
}
