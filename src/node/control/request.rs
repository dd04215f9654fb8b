//! What a command can ask for, as plain data, and the one place that carries it out.

use serde::{Deserialize, Serialize};

use crate::domain::Email;
use crate::domain::access::{Policy, Principal, decide_system};
use crate::domain::privilege::can;
use crate::ops::OpError;
use crate::ops::access::file::RulesFile;
use crate::ops::access::import::{self, ImportStep};
use crate::ops::publisher::Publisher;
use crate::ops::users::{self, UserChange, UserRef};

/// A request of the command line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Request {
    GrantAdmin {
        email: String,
    },
    RevokeAdmin {
        email: String,
    },
    /// Let the next identity that signs in with the address take it over.
    UnlinkIdentity {
        email: String,
    },
    UnblockUser {
        email: String,
    },
    /// Give a person another address.
    MoveUser {
        email: String,
        to: String,
    },
    /// Replace the access rules by those of a text; without `apply` only tell what that would change.
    ImportRules {
        text: String,
        apply: bool,
    },
}

/// What came of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reply {
    /// A person's administrator rights; `changed` is false if they were so already.
    Admin {
        email: String,
        admin: bool,
        changed: bool,
    },
    Unlinked {
        email: String,
    },
    Unblocked {
        email: String,
        changed: bool,
    },
    Moved {
        email: String,
        to: String,
        accounts: u64,
    },
    Rules {
        steps: Vec<ImportStep>,
        applied: bool,
    },
}

impl Request {
    /// Finds what is wrong with the request itself, before anything is opened.
    pub(crate) fn check(&self) -> Result<(), OpError> {
        match self {
            Self::GrantAdmin { email }
            | Self::RevokeAdmin { email }
            | Self::UnlinkIdentity { email }
            | Self::UnblockUser { email } => parse(email).map(drop),
            Self::MoveUser { email, to } => parse(email).and_then(|_| parse(to)).map(drop),
            Self::ImportRules { text, .. } => RulesFile::parse(text).map(drop),
        }
    }

    /// Carries the request out, in a running server or in a command of its own.
    pub(crate) async fn execute(&self, publisher: &impl Publisher) -> Result<Reply, OpError> {
        let permit = decide_system::<can::ManageAccess>(&Policy::default(), &Principal::Cli)?;
        let change = async |email: &str, change| {
            let email = parse(email)?;
            users::change(publisher, permit.grant(), UserRef::Email(&email), change).await
        };
        match self {
            Self::GrantAdmin { email } => {
                let before = change(email, UserChange::GrantAdmin).await?;
                Ok(Reply::Admin { email: before.email.to_string(), admin: true, changed: !before.admin })
            }
            Self::RevokeAdmin { email } => {
                let before = change(email, UserChange::RevokeAdmin).await?;
                Ok(Reply::Admin { email: before.email.to_string(), admin: false, changed: before.admin })
            }
            Self::UnlinkIdentity { email } => {
                let user = change(email, UserChange::ForgetIdentity).await?;
                Ok(Reply::Unlinked { email: user.email.to_string() })
            }
            Self::UnblockUser { email } => {
                let before = change(email, UserChange::Enable).await?;
                Ok(Reply::Unblocked { email: before.email.to_string(), changed: before.disabled })
            }
            Self::MoveUser { email, to } => {
                let (email, to) = (parse(email)?, parse(to)?);
                let moved = users::move_to(publisher, permit.grant(), UserRef::Email(&email), &to).await?;
                let (email, to) = (email.to_string(), to.to_string());
                Ok(Reply::Moved { email, to, accounts: moved.accounts })
            }
            Self::ImportRules { text, apply } => {
                let rules = RulesFile::parse(text)?;
                let steps = import::import(publisher, permit.grant(), &rules, *apply).await?;
                Ok(Reply::Rules { steps, applied: *apply })
            }
        }
    }
}

fn parse(email: &str) -> Result<Email, OpError> {
    Email::parse(email).map_err(|error| OpError::invalid("email", error))
}
