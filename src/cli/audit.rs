//! `telescope audit verify`: whether the audit trail is as it was written. It only reads, so the server may run.
//! `telescope audit blank`: takes the details of old entries out. It says first how many those are, and does it when
//! told so; the server may run, also as a role of the database that could not do it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, ensure};

use crate::clock::Clock;
use crate::config::Config;
use crate::domain::access::Principal;
use crate::domain::{Millis, Period};
use crate::node::lease;
use crate::ops::Context;
use crate::ops::audit::{checkpoint, retention};
use crate::store::audit::{self, Head, HeadFile, Verified};
use crate::store::{Db, key_check};

/// Faults that are listed; who has more has a trail that is worth nothing.
const LISTED: usize = 50;

/// What can be done with the audit trail.
#[derive(Debug, clap::Subcommand)]
pub enum Audit {
    /// Look whether the trail is as it was written. The server may run meanwhile.
    Verify {
        /// A former end of the trail, such as a copy of `audit-head` that is kept elsewhere. Default: `audit-head`.
        #[arg(long)]
        head: Option<PathBuf>,
    },
    /// Take the details of entries before a date out of the trail, for good. Without --yes only says how many.
    Blank {
        /// A date, as 2026-11-21, or a date and a time (UTC): entries before it.
        #[arg(long)]
        before: String,
        /// Do it.
        #[arg(long)]
        yes: bool,
    },
}

/// Does it.
pub async fn run(config: Config, asked: Audit) -> anyhow::Result<()> {
    match asked {
        Audit::Verify { head } => verify(&config, head).await,
        Audit::Blank { before, yes } => blank(config, &before, yes).await,
    }
}

/// Says how many entries before a date have details, or takes them out.
async fn blank(config: Config, before: &str, yes: bool) -> anyhow::Result<()> {
    let clock = Clock::System;
    let before = Period::parse(before).context("--before")?.start;
    ensure!(before <= clock.now(), "--before: this lies in the future");
    let keys = config.keys()?;
    let db = Db::connect(&config.db_dsn).await?;
    ensure!(db.has_tables().await?, "There is no audit trail in this database yet.");
    let there = audit::with_details(&mut db.read().await?, before).await?;
    if there == 0 || !yes {
        let how = if there == 0 { "" } else { " Say --yes to take them out; they can't be put back." };
        println!("{there} entries before {} have details.{how}", shown(before));
        return Ok(());
    }
    ensure!(
        db.may_change_trail().await?,
        "the role in DB_DSN can't change the audit trail, as it should be for a server. Give DB_DSN of the tables' owner"
    );
    db.change(async |conn| key_check::check(conn, &keys).await).await?;
    let context = Context { config: Arc::new(config), db, keys: Arc::new(keys), clock };
    // With the lease, the file audit-head is ours to write. A running server has it otherwise, and writes on.
    let lease = lease::obtain_at_once(&context.db, &context.clock).await?;
    if lease.is_some() {
        checkpoint::compare(&context).await?;
    }
    let blanked = retention::blank(&context, &Principal::Cli, before).await;
    if let Some(lease) = lease {
        checkpoint::write_last(&context).await;
        lease.give_back().await?;
    }
    println!("{} entries before {} had their details taken out.", blanked?, shown(before));
    Ok(())
}

fn shown(moment: Millis) -> String {
    moment.rfc3339()
}

/// Verifies the whole trail and prints what was found; an error if all is not well. `head` is a file with a former end of the
/// trail, such as a copy of `audit-head` kept elsewhere; without it the one in `DATA_DIR` is taken.
async fn verify(config: &Config, head: Option<PathBuf>) -> anyhow::Result<()> {
    let keys = config.keys()?;
    let known = known_head(config, head.as_deref())?;
    let db = Db::connect(&config.db_dsn).await?;
    ensure!(db.has_tables().await?, "There is no audit trail in this database yet.");
    let found = audit::verify(&mut db.read().await?, &keys, known.as_ref()).await?;
    print!("{}", report(&found, known.as_ref()));
    ensure!(found.faults.is_empty(), "the audit trail is not as it was written");
    Ok(())
}

/// The former end that the trail has to lead through. The file that was named has to be there, the usual one need not.
fn known_head(config: &Config, named: Option<&Path>) -> anyhow::Result<Option<Head>> {
    let Some(path) = named else {
        return HeadFile::in_folder(&config.data_dir).read().context("the file audit-head can't be read");
    };
    let text = std::fs::read_to_string(path).with_context(|| format!("{} can't be read", path.display()))?;
    let head = text.parse().map_err(|fault: String| anyhow::anyhow!("{}: {fault}", path.display()))?;
    Ok(Some(head))
}

/// What was found, in lines.
fn report(found: &Verified, known: Option<&Head>) -> String {
    let mut lines = vec![format!("{} entries, up to number {}.", found.entries, found.head.seq)];
    if found.blanked > 0 {
        lines.push(format!("{} of them had their details taken out.", found.blanked));
    }
    if found.under_other_keys > 0 {
        lines.push(format!(
            "The first {} were written under a key that the settings do not name: only what was sealed later holds them.",
            found.under_other_keys
        ));
    }
    lines.push(match known {
        Some(head) => format!("Compared with the end that was known before, number {}.", head.seq),
        None => "No former end is known, so a trail that lost its end would not show it.".into(),
    });
    lines.extend(found.faults.iter().take(LISTED).map(|fault| format!("WRONG: {fault}.")));
    if found.faults.len() > LISTED {
        lines.push(format!("And {} more.", found.faults.len() - LISTED));
    }
    if found.faults.is_empty() {
        lines.push("The trail is as it was written.".into());
    }
    lines.into_iter().map(|line| line + "\n").collect()
}
