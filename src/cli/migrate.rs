//! `telescope migrate`: makes the tables, or brings them up to date. A server does so by itself at its start; the
//! command is for those who let it run as a role of the database that may not.

use anyhow::{Context as _, bail};

use crate::clock::Clock;
use crate::config::Config;
use crate::node::lease;
use crate::store::Db;

/// Runs the command.
pub async fn run(config: Config) -> anyhow::Result<()> {
    let db = Db::connect(&config.db_dsn).await?;
    let Some(lease) = lease::obtain_at_once(&db, &Clock::System).await? else {
        bail!(
            "a Telescope is active on this database. Stop it first; if it was killed on another machine, wait for \
             half a minute"
        );
    };
    let done = db.migrate().await;
    lease.give_back().await?;
    done.context("nothing was changed")?;
    println!("The tables are those of this Telescope, version {}.", env!("CARGO_PKG_VERSION"));
    Ok(())
}
