//! `telescope access …`: explains access, and exports and imports all access rules.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, ensure};
use clap::Subcommand;

use crate::cli::access_report;
use crate::config::Config;
use crate::domain::{Email, Identifier};
use crate::node::control::{Reply, Request, client};
use crate::ops::access::file::RulesFile;
use crate::ops::access::import::ImportStep;
use crate::store::Db;
use crate::words;

#[derive(Debug, Subcommand)]
pub enum Access {
    /// Explain a person's access to an account, rule by rule. Works while the server runs.
    Check {
        /// The person's e-mail address.
        email: String,
        /// The account's phone number, or bot:ID.
        phone: String,
    },
    /// Print all access rules as TOML. Works while the server runs.
    Export,
    /// Show what importing a file would change; with --yes, apply it. Rules that the file does not name are removed.
    Import {
        /// The file, as `telescope access export` prints it.
        file: PathBuf,
        /// Apply the changes.
        #[arg(long)]
        yes: bool,
    },
}

pub async fn run(config: Config, access: Access) -> anyhow::Result<()> {
    match access {
        Access::Check { email, phone } => check(&config, &email, &phone).await,
        Access::Export => export(&config).await,
        Access::Import { file, yes } => {
            let text = std::fs::read_to_string(&file)
                .with_context(|| format!("{} can't be read", file.display()))?;
            import(&config, Request::ImportRules { text, apply: yes }).await
        }
    }
}

async fn check(config: &Config, email: &str, phone: &str) -> anyhow::Result<()> {
    let email = Email::parse(email).map_err(|error| anyhow::anyhow!(words::sentence(&error.into())))?;
    let phone = Identifier::parse(phone).map_err(|error| anyhow::anyhow!(words::sentence(&error.into())))?;
    let db = open(config).await?;
    let report = access_report::read(&mut db.read().await?, config, &email, &phone).await;
    print!("{}", report.map_err(client::failure)?);
    Ok(())
}

async fn export(config: &Config) -> anyhow::Result<()> {
    let db = open(config).await?;
    let rules = RulesFile::read(&mut db.read().await?).await?;
    print!("{}", rules.to_text().map_err(client::failure)?);
    Ok(())
}

async fn open(config: &Config) -> anyhow::Result<Db> {
    let db = Db::connect(&config.storage.db).await?;
    ensure!(db.has_tables().await?, "This database has no access rules yet.");
    db.use_keys(&Arc::new(config.storage.keys()?));
    Ok(db)
}

async fn import(config: &Config, request: Request) -> anyhow::Result<()> {
    let (steps, applied) = match client::run(config, &request).await? {
        Reply::Rules { steps, applied } => (steps, applied),
        Reply::Admin { .. } | Reply::Unlinked { .. } | Reply::Unblocked { .. } | Reply::Moved { .. } => {
            anyhow::bail!("the server answered another request; it is of another version")
        }
    };
    if steps.is_empty() {
        println!("No changes: the rules are already as the file says.");
        return Ok(());
    }
    println!("{}", if applied { "Applied:" } else { "Dry run. Re-run with --yes to apply:" });
    steps.iter().for_each(|step| println!("  {}", describe(step)));
    Ok(())
}

fn describe(step: &ImportStep) -> String {
    let list = |names: &[String]| if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    match step {
        ImportStep::AddGroup { group } => format!("create group {group:?}"),
        ImportStep::RenameGroup { group, to } => format!("rename group {group:?} to {to:?}"),
        ImportStep::DeleteGroup { group, needs_approval: false } => format!("delete group {group:?}"),
        ImportStep::DeleteGroup { group, needs_approval: true } => {
            format!("delete group {group:?}, which requires approval")
        }
        ImportStep::RequireApproval { group, required: true } => {
            format!("require approval for accounts in {group:?}")
        }
        ImportStep::RequireApproval { group, required: false } => {
            format!("stop requiring approval for accounts in {group:?}")
        }
        ImportStep::AllowEmergency { group, allowed: true } => {
            format!("allow emergency access without approval in {group:?}")
        }
        ImportStep::AllowEmergency { group, allowed: false } => {
            format!("stop allowing emergency access in {group:?}")
        }
        ImportStep::RequireConfirmation { group, required: true } => {
            format!("require identity confirmation for accounts in {group:?}")
        }
        ImportStep::RequireConfirmation { group, required: false } => {
            format!("stop requiring identity confirmation for accounts in {group:?}")
        }
        ImportStep::AddAccount { account, group } => format!("add account {account} to group {group:?}"),
        ImportStep::RemoveAccount { account, group } => {
            format!("remove account {account} from group {group:?}")
        }
        ImportStep::AddRole { role } => format!("create role {role:?}"),
        ImportStep::RenameRole { role, to } => format!("rename role {role:?} to {to:?}"),
        ImportStep::DeleteRole { role } => format!("delete role {role:?}"),
        ImportStep::SetSystemPrivileges { role, privileges } => {
            format!("set system privileges of role {role:?}: {}", list(privileges))
        }
        ImportStep::SetGroupPrivileges { role, group, privileges } => {
            format!("set privileges of role {role:?} in group {group:?}: {}", list(privileges))
        }
        ImportStep::GiveRole { role, person } => format!("give {person} the role {role:?}"),
        ImportStep::TakeRole { role, person } => format!("take the role {role:?} from {person}"),
    }
}
