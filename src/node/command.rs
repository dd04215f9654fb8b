//! Commands that change things. If a server runs, the order goes to it, so that what it knows changes with the
//! database. If none runs, the command is the active one on the database for a moment, under the same lease as a
//! server.

use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use crate::cli::access::Import;
use crate::cli::admin::Admin;
use crate::clock::Clock;
use crate::config::Config;
use crate::context::App;
use crate::node::{control, lease};
use crate::ops::audit::checkpoint;
use crate::ops::{Context, OpError};
use crate::store::Db;

/// How long a command tries: a server that is just starting has the lease and does not listen yet.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often.
const AGAIN: Duration = Duration::from_millis(200);

/// What is to be done; also what a server is asked, as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Request {
    /// Say who is an administrator.
    Admin(Admin),
    /// Put the rules of a file in force.
    Import(Import),
}

impl Request {
    /// Says what is wrong with it in itself, before anything is opened.
    fn check(&self) -> Result<(), OpError> {
        match self {
            Self::Admin(asked) => asked.check(),
            Self::Import(asked) => asked.check(),
        }
    }

    /// What a running server does.
    pub(crate) async fn serve(&self, app: &App) -> Result<String, OpError> {
        match self {
            Self::Admin(asked) => asked.serve(app).await,
            Self::Import(asked) => asked.serve(app).await,
        }
    }

    /// The same where no server runs.
    async fn write(&self, context: &Context) -> Result<String, OpError> {
        match self {
            Self::Admin(asked) => asked.write(context).await,
            Self::Import(asked) => asked.write(context).await,
        }
    }
}

/// Has an order carried out, by the server or alone, and prints what is said of it.
pub async fn run(config: Config, order: Request) -> anyhow::Result<()> {
    order.check().map_err(in_words)?;
    let until = Instant::now() + PATIENCE;
    let mut db = None;
    let said = loop {
        if let Some(answer) = control::ask(&config.data_dir, &order).await? {
            break answer.into_result()?;
        }
        if let Some(said) = run_offline(&mut db, &config, &order).await? {
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

/// Does it under a lease of its own; none if somebody else has it.
async fn run_offline(
    db: &mut Option<Db>,
    config: &Config,
    order: &Request,
) -> anyhow::Result<Option<String>> {
    let db = match db {
        Some(db) => db,
        None => db.insert(Db::connect(&config.db_dsn).await?),
    };
    let clock = Clock::System;
    let Some(lease) = lease::obtain_at_once(db, &clock).await? else { return Ok(None) };
    let done = write(db, &clock, config, order).await;
    let given_back = lease.give_back().await;
    let said = done?;
    given_back.map(|()| Some(said))
}

async fn write(db: &Db, clock: &Clock, config: &Config, order: &Request) -> anyhow::Result<String> {
    let context = Context::open(Arc::new(config.clone()), db.clone(), clock.clone()).await?;
    checkpoint::compare(&context).await?;
    let said = order.write(&context).await;
    checkpoint::write_last(&context).await;
    said.map_err(in_words)
}

/// A failure for the terminal.
pub(crate) fn in_words(error: OpError) -> anyhow::Error {
    match error {
        OpError::Internal(error) => error.context("nothing was changed"),
        error => anyhow::anyhow!(words(error)),
    }
}

/// A failure in a sentence, without what only the log explains.
pub(crate) fn words(error: OpError) -> String {
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
