//! `telescope migrate`: creates or updates the tables. A server does so when it starts; the command is for servers that
//! run as a database role that may not.

use anyhow::{Context as _, bail};

use crate::clock::Clock;
use crate::config::Config;
use crate::node::lease;
use crate::store::Db;

pub async fn run(config: Config) -> anyhow::Result<()> {
    let db = Db::connect(&config.storage.db).await?;
    let Some(lease) = lease::obtain_at_once(&db, &Clock::System).await? else {
        bail!(
            "a Telescope server is active on this database. Stop it first; if it was killed on another machine, wait \
             half a minute"
        );
    };
    let done = db.migrate().await;
    lease.give_back().await?;
    done.context("nothing was changed")?;
    println!("The tables are up to date for Telescope {}.", env!("CARGO_PKG_VERSION"));
    Ok(())
}
