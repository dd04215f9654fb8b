//! `telescope access …`: why somebody may do something, and all rules as a text that can be reviewed and put back.

use std::path::PathBuf;

use anyhow::{Context as _, ensure};
use clap::Subcommand;
use serde::{Deserialize, Serialize};

use crate::cli::access_report;
use crate::config::Config;
use crate::context::App;
use crate::domain::access::{Policy, Principal, decide_system};
use crate::domain::privilege::can;
use crate::domain::{Email, Phone};
use crate::node::command::{self, Request, in_words};
use crate::ops::access::file::RulesFile;
use crate::ops::access::import;
use crate::ops::{Context, OpError, policy};
use crate::store::Db;

/// What can be done with the rules of access.
#[derive(Debug, Subcommand)]
pub enum Access {
    /// Explain what somebody may do with an account, rule by rule. The server may run meanwhile.
    Check {
        /// The person's address.
        email: String,
        /// The account's number.
        phone: String,
    },
    /// Print all rules as a text. The server may run meanwhile.
    Export,
    /// Show what a text would change; with --yes, change it. What the text does not name is taken away.
    Import {
        /// The file with the text.
        file: PathBuf,
        /// Do it.
        #[arg(long)]
        yes: bool,
    },
}

/// Does it.
pub async fn run(config: Config, asked: Access) -> anyhow::Result<()> {
    match asked {
        Access::Check { email, phone } => check(&config, &email, &phone).await,
        Access::Export => export(&config).await,
        Access::Import { file, yes } => {
            let text = std::fs::read_to_string(&file)
                .with_context(|| format!("{} can't be read", file.display()))?;
            command::run(config, Request::Import(Import { text, yes })).await
        }
    }
}

async fn check(config: &Config, email: &str, phone: &str) -> anyhow::Result<()> {
    let email = Email::parse(email).map_err(|fault| anyhow::anyhow!("{fault}"))?;
    let phone = Phone::parse(phone).map_err(|fault| anyhow::anyhow!("{fault}"))?;
    let db = opened(config).await?;
    let explained = access_report::read(&mut db.read().await?, config, &email, &phone).await;
    print!("{}", explained.map_err(in_words)?);
    Ok(())
}

async fn export(config: &Config) -> anyhow::Result<()> {
    let db = opened(config).await?;
    let rules = RulesFile::read(&mut db.read().await?).await?;
    print!("{}", rules.to_text().map_err(in_words)?);
    Ok(())
}

async fn opened(config: &Config) -> anyhow::Result<Db> {
    let db = Db::connect(&config.db_dsn).await?;
    ensure!(db.has_tables().await?, "There are no rules in this database yet.");
    Ok(db)
}

/// A text of rules to be put in force, or to be looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Import {
    /// The text.
    pub text: String,
    /// Whether it is to be done.
    pub yes: bool,
}

impl Import {
    /// Whether it can be read.
    pub(crate) fn check(&self) -> Result<(), OpError> {
        RulesFile::parse(&self.text).map(drop)
    }

    /// What a running server does.
    pub(crate) async fn serve(&self, app: &App) -> Result<String, OpError> {
        let said = self.write(app).await;
        policy::in_force(app).await;
        said
    }

    /// The same where no server runs.
    pub(crate) async fn write(&self, context: &Context) -> Result<String, OpError> {
        let wanted = RulesFile::parse(&self.text)?;
        let permit = decide_system::<can::ManageAccess>(&Policy::default(), &Principal::Cli)?;
        let steps = import::import(context, permit.grant(), &wanted, !self.yes).await?;
        Ok(match (steps.is_empty(), self.yes) {
            (true, _) => "The rules are as the file says.".into(),
            (false, true) => format!("Done:\n  {}", steps.join("\n  ")),
            (false, false) => {
                format!("This would be done; say --yes to do it:\n  {}", steps.join("\n  "))
            }
        })
    }
}
