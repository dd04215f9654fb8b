//! `telescope admin grant EMAIL` and `telescope admin revoke EMAIL`: how a Telescope gets its first administrator.
//! Nobody becomes one by coming first.

use clap::Subcommand;
use serde::{Deserialize, Serialize};

use crate::context::App;
use crate::domain::Email;
use crate::domain::access::{Policy, Principal, decide_system};
use crate::domain::privilege::can;
use crate::ops::users::{self, UserChange, UserRef};
use crate::ops::{Context, OpError};
use crate::store::users::User;

/// What the command can do.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Admin {
    /// Make somebody an administrator, who need not have signed in yet.
    Grant {
        /// The person's address, as the identity provider has it.
        email: String,
    },
    /// Take that away again.
    Revoke {
        /// The person's address.
        email: String,
    },
}

impl Admin {
    /// Who is meant, and what is to be done to him.
    fn meaning(&self) -> Result<(Email, UserChange), OpError> {
        let (email, change) = match self {
            Self::Grant { email } => (email, UserChange::GrantAdmin),
            Self::Revoke { email } => (email, UserChange::RevokeAdmin),
        };
        let email = Email::parse(email).map_err(|error| OpError::invalid("email", error))?;
        Ok((email, change))
    }

    /// Whether it means anything.
    pub(crate) fn check(&self) -> Result<(), OpError> {
        self.meaning().map(drop)
    }

    /// What a running server does.
    pub(crate) async fn serve(&self, app: &App) -> Result<String, OpError> {
        let (email, change) = self.meaning()?;
        let permit = decide_system::<can::ManageAccess>(&Policy::default(), &Principal::Cli)?;
        let user = users::change(app, permit.grant(), UserRef::Email(&email), change).await?;
        Ok(self.words(&user))
    }

    /// The same where no server runs.
    pub(crate) async fn write(&self, context: &Context) -> Result<String, OpError> {
        let (email, change) = self.meaning()?;
        let permit = decide_system::<can::ManageAccess>(&Policy::default(), &Principal::Cli)?;
        let user = users::write(context, permit.grant(), UserRef::Email(&email), change).await?;
        Ok(self.words(&user))
    }

    /// What is said of a person who was changed; `user` is how he was before.
    fn words(&self, user: &User) -> String {
        let email = &user.email;
        match (self, user.admin) {
            (Self::Grant { .. }, false) => format!("{email} is an administrator now."),
            (Self::Grant { .. }, true) => format!("{email} is an administrator already."),
            (Self::Revoke { .. }, true) => format!("{email} is no administrator any more."),
            (Self::Revoke { .. }, false) => format!("{email} is no administrator."),
        }
    }
}
