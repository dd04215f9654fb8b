//! `telescope audit verify`: whether the audit trail is as it was written. It only reads, so the server may run.

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};

use crate::config::Config;
use crate::store::Db;
use crate::store::audit::{self, Head, HeadFile, Verified};

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
}

/// Does it.
pub async fn run(config: Config, asked: Audit) -> anyhow::Result<()> {
    match asked {
        Audit::Verify { head } => verify(&config, head).await,
    }
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
            "The first {} were written under a key that the settings do not name; their links were not checked.",
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
