//! Who acts, and what rights depend on.

use crate::domain::{Email, RequestInfo, UserId};

/// Who acts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Principal {
    /// A person, signed in.
    User(Person),
    /// A user of the machine who may run Telescope's commands.
    Cli,
    /// Telescope itself, doing what it must; the text names the job.
    System(&'static str),
}

/// What rights need to know of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The id.
    pub id: UserId,
    /// The address of the present identity.
    pub email: Email,
    /// Whether the identity provider has verified the address.
    pub verified: bool,
    /// Whether this is an administrator.
    pub admin: bool,
    /// Where the present request came from. No right depends on it; the audit log keeps it.
    pub origin: RequestInfo,
}

impl Principal {
    /// Where the request came from in which this actor acts.
    pub fn origin(&self) -> RequestInfo {
        match self {
            Self::User(person) => person.origin.clone(),
            Self::Cli | Self::System(_) => RequestInfo::default(),
        }
    }

    /// The same actor in a request from there.
    pub fn coming_from(self, origin: &RequestInfo) -> Self {
        match self {
            Self::User(person) => Self::User(Person { origin: origin.clone(), ..person }),
            other => other,
        }
    }
}

impl std::fmt::Display for Principal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::User(person) => person.email.fmt(f),
            Self::Cli => f.write_str("command line"),
            Self::System(job) => write!(f, "system:{job}"),
        }
    }
}
