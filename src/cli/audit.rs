//! `telescope audit verify`: verifies the audit log. It only reads, so the server may be running.
//! `telescope audit blank`: removes the details of old entries. Without `--yes` it only counts them. The server may be
//! running, even with a database role that could not do this.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, ensure};

use crate::clock::Clock;
use crate::config::Config;
use crate::crypto::Keys;
use crate::domain::Period;
use crate::domain::access::Principal;
use crate::domain::audit::Fault;
use crate::node::lease;
use crate::ops::Context;
use crate::ops::audit::{checkpoint as file, retention};
use crate::store::audit::{self, ChainHead, Checkpoint, CheckpointFile, Verified};
use crate::store::{Db, access_seals, key_check};
use crate::words;

/// How many faults are listed.
const LISTED: usize = 50;

#[derive(Debug, clap::Subcommand)]
pub enum Audit {
    /// Verify that the audit log is as it was written. Works while the server runs.
    Verify {
        /// An earlier checkpoint, such as a copy of `audit-head` that is kept elsewhere. Default: `audit-head` in DATA_DIR.
        #[arg(long)]
        head: Option<PathBuf>,
    },
    /// Remove the details of entries before a date, for good. Without --yes, only count them.
    Blank {
        /// Entries before this date (2026-11-21) or date and time (UTC).
        #[arg(long)]
        before: String,
        /// Apply the changes.
        #[arg(long)]
        yes: bool,
    },
}

pub async fn run(config: Config, command: Audit) -> anyhow::Result<()> {
    match command {
        Audit::Verify { head } => verify(&config, head).await,
        Audit::Blank { before, yes } => blank(config, &before, yes).await,
    }
}

async fn blank(config: Config, before: &str, yes: bool) -> anyhow::Result<()> {
    let clock = Clock::System;
    let before = Period::parse(before).context("--before")?.start;
    ensure!(before <= clock.now(), "--before: this is in the future");
    let keys = config.storage.keys()?;
    let db = Db::connect(&config.storage.db).await?;
    ensure!(db.has_tables().await?, "This database has no audit log yet.");
    let there = audit::with_details(&mut db.read().await?, before).await?;
    if there == 0 || !yes {
        let how =
            if there == 0 { "" } else { " Dry run. Re-run with --yes to remove them; this can't be undone." };
        println!("{there} entries before {} have details.{how}", before.rfc3339());
        return Ok(());
    }
    ensure!(
        db.can_change_audit_log().await?,
        "the role in DB_DSN can't change the audit log, as it should be for a server. Use the DB_DSN of the tables' owner"
    );
    let keys = Arc::new(keys);
    access_seals::prepare(&db, &keys, clock.now()).await?;
    let context = Context { config: Arc::new(config), db, keys, clock };
    // With the lease, this process may write the file audit-head; otherwise the running server does.
    let lease = lease::obtain_at_once(&context.db, &context.clock).await?;
    if lease.is_some() {
        file::verify(&context).await?;
    }
    let blanked = retention::blank(&context, &Principal::Cli, before).await;
    if let Some(lease) = lease {
        file::write_last(&context).await;
        lease.give_back().await?;
    }
    println!("Removed the details of {} entries before {}.", blanked?, before.rfc3339());
    Ok(())
}

/// Verifies the whole log and prints the result; an error if there is a fault.
async fn verify(config: &Config, head: Option<PathBuf>) -> anyhow::Result<()> {
    let keys = config.storage.keys()?;
    let checkpoint = checkpoint(config, &keys, head.as_deref())?;
    let db = Db::connect(&config.storage.db).await?;
    ensure!(db.has_tables().await?, "This database has no audit log yet.");
    let conn = &mut db.read().await?;
    let (known, fault) = match checkpoint {
        Checkpoint::Signed(known) => (Some(known), None),
        // A copy that was kept elsewhere is as good as that place; the file is signed since the first start.
        Checkpoint::Unsigned(known) if head.is_some() || !key_check::has_proofs(conn, &keys).await? => {
            (Some(known), None)
        }
        Checkpoint::Unsigned(_) | Checkpoint::Unauthentic => (None, Some(Fault::ForgedCheckpoint)),
        Checkpoint::Missing => (None, Some(Fault::NoCheckpoint)),
    };
    let mut found = audit::verify(conn, &keys, known.as_ref()).await?;
    found.faults.extend(fault.filter(|_| found.entries > 0));
    print!("{}", report(&found, known.as_ref()));
    ensure!(found.faults.is_empty(), "the audit log is not as it was written");
    Ok(())
}

/// The earlier checkpoint that the log has to lead through. A file that was named has to exist.
fn checkpoint(config: &Config, keys: &Keys, named: Option<&Path>) -> anyhow::Result<Checkpoint> {
    let Some(path) = named else {
        return CheckpointFile::in_folder(&config.storage.data_dir)
            .check(keys)
            .context("the file audit-head can't be read");
    };
    let text = std::fs::read_to_string(path).with_context(|| format!("{} can't be read", path.display()))?;
    Checkpoint::parse(&text, keys).map_err(|fault| anyhow::anyhow!("{}: {fault}", path.display()))
}

fn report(found: &Verified, known: Option<&ChainHead>) -> String {
    let mut lines = vec![format!("{} entries, the last is number {}.", found.entries, found.head.seq)];
    if found.blanked > 0 {
        lines.push(format!("The details of {} entries were removed.", found.blanked));
    }
    if found.under_other_keys > 0 {
        lines.push(format!(
            "The first {} were written with a key that is not in the settings: only a later seal protects them.",
            found.under_other_keys
        ));
    }
    lines.push(match known {
        Some(head) => format!("Compared with the checkpoint at entry {}.", head.seq),
        None => "Not compared with a checkpoint.".into(),
    });
    lines.extend(
        found.faults.iter().take(LISTED).map(|fault| format!("FAULT: {}.", words::faults::fault(fault))),
    );
    if found.faults.len() > LISTED {
        lines.push(format!("And {} more.", found.faults.len() - LISTED));
    }
    if found.faults.is_empty() {
        lines.push("OK: the audit log is as it was written.".into());
    }
    lines.into_iter().map(|line| line + "\n").collect()
}
