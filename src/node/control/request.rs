//! The requests of commands as plain data, and their execution.

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
    /// Replace the access rules with those of a file; without `apply` only return what that would change.
    ImportRules {
        text: String,
        apply: bool,
    },
}

/// The result of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reply {
    /// A person's administrator rights; `changed` is false if they had them or lacked them already.
    Admin {
        email: String,
        admin: bool,
        changed: bool,
    },
    Rules {
        steps: Vec<ImportStep>,
        applied: bool,
    },
}

impl Request {
    /// Validates the request before anything is opened.
    pub(crate) fn check(&self) -> Result<(), OpError> {
        match self {
            Self::GrantAdmin { email } | Self::RevokeAdmin { email } => parse(email).map(drop),
            Self::ImportRules { text, .. } => RulesFile::parse(text).map(drop),
        }
    }

    /// Executes the request, in a running server or in the command's own process.
    pub(crate) async fn execute(&self, publisher: &impl Publisher) -> Result<Reply, OpError> {
        let permit = decide_system::<can::ManageAccess>(&Policy::default(), &Principal::Cli)?;
        let admin = match self {
            Self::GrantAdmin { email } => (email, true),
            Self::RevokeAdmin { email } => (email, false),
            Self::ImportRules { text, apply } => {
                let rules = RulesFile::parse(text)?;
                let steps = import::import(publisher, permit.grant(), &rules, *apply).await?;
                return Ok(Reply::Rules { steps, applied: *apply });
            }
        };
        let (email, admin) = (parse(admin.0)?, admin.1);
        let change = if admin { UserChange::GrantAdmin } else { UserChange::RevokeAdmin };
        let before = users::change(publisher, permit.grant(), UserRef::Email(&email), change).await?;
        Ok(Reply::Admin { email: before.email.to_string(), admin, changed: before.admin != admin })
    }
}

fn parse(email: &str) -> Result<Email, OpError> {
    Email::parse(email).map_err(|error| OpError::invalid("email", error))
}
