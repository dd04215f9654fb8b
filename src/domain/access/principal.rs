//! The principal: who acts, with everything that access decisions need to know.

use crate::domain::{Confirmation, Email, RequestInfo, UserId};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Principal {
    /// A signed-in person.
    User(Person),
    /// An operating system user who can run Telescope's commands.
    Cli,
    /// Telescope itself; the text names the task.
    System(&'static str),
}

/// What access decisions need to know of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    pub id: UserId,
    /// The address of the present identity.
    pub email: Email,
    /// Whether the identity provider has verified the address.
    pub verified: bool,
    /// Whether this is an administrator.
    pub admin: bool,
    /// When they last confirmed their identity in the present web session.
    pub confirmed: Option<Confirmation>,
    /// Where the present request came from: for the audit log, not for decisions.
    pub origin: RequestInfo,
}

impl Principal {
    /// Where the actor's request came from.
    pub fn origin(&self) -> RequestInfo {
        match self {
            Self::User(person) => person.origin.clone(),
            Self::Cli | Self::System(_) => RequestInfo::default(),
        }
    }

    /// The same actor, in a web session with this confirmation.
    pub fn confirmed(self, confirmed: Option<Confirmation>) -> Self {
        match self {
            Self::User(person) => Self::User(Person { confirmed, ..person }),
            other => other,
        }
    }

    /// The same actor, in a request from `origin`.
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
