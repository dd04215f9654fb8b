//! The principal: who acts, with everything that access decisions need to know.

use crate::domain::{AccountId, Confirmation, Email, InviteId, RequestInfo, UserId};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Principal {
    /// A signed-in person.
    User(Person),
    /// A browser that has begun with an invite.
    Invite(InvitePass),
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

/// What a browser may do that has begun with an invite. Only an open invite makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvitePass {
    invite: InviteId,
    person: Email,
    account: Option<AccountId>,
    origin: RequestInfo,
}

impl InvitePass {
    /// Called only by [`Invite::principal`](crate::domain::invite::Invite::principal).
    pub(in crate::domain) fn new(
        invite: InviteId,
        person: Email,
        account: Option<AccountId>,
        origin: RequestInfo,
    ) -> Self {
        Self { invite, person, account, origin }
    }

    pub fn invite(&self) -> InviteId {
        self.invite
    }

    /// The account, once its number is known.
    pub fn account(&self) -> Option<AccountId> {
        self.account
    }

    /// The same browser after its account was logged in: it may do nothing any more.
    pub fn used(self) -> Self {
        Self { account: None, ..self }
    }
}

impl Principal {
    /// Where the actor's request came from.
    pub fn origin(&self) -> RequestInfo {
        match self {
            Self::User(person) => person.origin.clone(),
            Self::Invite(pass) => pass.origin.clone(),
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
            Self::Invite(pass) => Self::Invite(InvitePass { origin: origin.clone(), ..pass }),
            other => other,
        }
    }
}

impl std::fmt::Display for Principal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::User(person) => person.email.fmt(f),
            // No address has a space, so this is no person's.
            Self::Invite(pass) => write!(f, "invite for {}", pass.person),
            Self::Cli => f.write_str("command line"),
            Self::System(job) => write!(f, "system:{job}"),
        }
    }
}
