//! `telescope admin grant EMAIL` and `telescope admin revoke EMAIL`: how a Telescope gets its first administrator.
//! Nobody becomes one by coming first.
//!
//! If a server runs, the command goes to it, so that what it knows changes with the database. If none runs, the
//! command is the active one on the database for a moment, under the same lease as a server.

use std::time::Duration;

use clap::Subcommand;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::{control, lease, prepare};
use crate::clock::Clock;
use crate::config::Config;
use crate::domain::Email;
use crate::domain::access::{Actor, decide_system};
use crate::domain::privilege::can;
use crate::ops::users::{self, Change, Whom};
use crate::ops::{Office, OpError, head_file};
use crate::store::Db;
use crate::store::users::User;

/// How long the command tries: a server that is just starting has the lease and does not listen yet.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often.
const AGAIN: Duration = Duration::from_millis(200);

/// What the command can do; also what a server is asked, as JSON.
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
    fn meaning(&self) -> Result<(Email, Change), OpError> {
        let (email, change) = match self {
            Self::Grant { email } => (email, Change::GrantAdmin),
            Self::Revoke { email } => (email, Change::RevokeAdmin),
        };
        let email = Email::parse(email).map_err(|error| OpError::invalid("email", error))?;
        Ok((email, change))
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

/// Runs the command.
pub async fn run(config: Config, asked: Admin) -> anyhow::Result<()> {
    // Wrong input is said before anything is opened.
    asked.meaning().map_err(in_words)?;
    let until = Instant::now() + PATIENCE;
    let mut db = None;
    let said = loop {
        if let Some(answer) = control::ask(&config.data_dir, &asked).await? {
            break answer.into_result()?;
        }
        if let Some(said) = alone(&mut db, &config, &asked).await? {
            break said;
        }
        anyhow::ensure!(
            Instant::now() < until,
            "another Telescope is active on this database, and does not listen at {}. Run the command where that \
             server runs, as the same user and with the same DATA_DIR",
            control::path(&config.data_dir).display()
        );
        tokio::time::sleep(AGAIN).await;
    };
    println!("{said}");
    Ok(())
}

/// What a running server does for the command.
pub(super) async fn serve(app: &crate::app::App, asked: &Admin) -> Result<String, OpError> {
    let (email, change) = asked.meaning()?;
    let permit = decide_system::<can::ManageAccess>(&Actor::Cli)?;
    let user = users::change(app, permit.grant(), Whom::Email(&email), change).await?;
    Ok(asked.words(&user))
}

/// Does it under a lease of its own; none if somebody else has it.
async fn alone(db: &mut Option<Db>, config: &Config, asked: &Admin) -> anyhow::Result<Option<String>> {
    let db = match db {
        Some(db) => db,
        None => db.insert(Db::connect(&config.db_dsn).await?),
    };
    let clock = Clock::System;
    let Some(lease) = lease::obtain_at_once(db, &clock).await? else { return Ok(None) };
    let done = change(db, &clock, config, asked).await;
    let given_back = lease.give_back().await;
    let said = done?;
    given_back.map(|()| Some(said))
}

async fn change(db: &Db, clock: &Clock, config: &Config, asked: &Admin) -> anyhow::Result<String> {
    let keys = prepare(db, config).await?;
    let office = Office { db, keys: &keys, clock, config };
    head_file::compare(office).await?;
    let (email, change) = asked.meaning().map_err(in_words)?;
    let permit =
        decide_system::<can::ManageAccess>(&Actor::Cli).map_err(|refusal| in_words(refusal.into()))?;
    let user = users::write(office, permit.grant(), Whom::Email(&email), change).await;
    head_file::write_last(office).await;
    Ok(asked.words(&user.map_err(in_words)?))
}

/// A failure for the terminal.
fn in_words(error: OpError) -> anyhow::Error {
    match error {
        OpError::Internal(error) => error.context("nothing was changed"),
        error => anyhow::anyhow!(words(error)),
    }
}

/// A failure in a sentence, without what only the log explains.
pub(super) fn words(error: OpError) -> String {
    match error {
        OpError::Invalid { message, .. }
        | OpError::Refused(message)
        | OpError::Denied(message)
        | OpError::TooOften(message)
        | OpError::Telegram(message) => message,
        OpError::NotFound => "Nobody with this address has signed in yet.".into(),
        OpError::Unavailable => "The database is away; nothing was changed.".into(),
        OpError::TakenOver => "Another Telescope has taken over; nothing was changed.".into(),
        OpError::Internal(error) => {
            tracing::error!(error = format!("{error:#}"), "a command failed");
            "Nothing was changed; the server's log says why.".into()
        }
    }
}
