//! `telescope admin grant EMAIL` and `telescope admin revoke EMAIL`: how the first administrator is appointed. Being the
//! first to sign in does not make anyone an administrator.

use clap::Subcommand;

use crate::config::Config;
use crate::node::control::{Reply, Request, client};

#[derive(Debug, Subcommand)]
pub enum Admin {
    /// Make a person an administrator. They need not have signed in yet.
    Grant {
        /// The person's e-mail address, as the identity provider has it.
        email: String,
    },
    /// Remove a person's administrator rights.
    Revoke {
        /// The person's e-mail address.
        email: String,
    },
}

pub async fn run(config: Config, admin: Admin) -> anyhow::Result<()> {
    let request = match admin {
        Admin::Grant { email } => Request::GrantAdmin { email },
        Admin::Revoke { email } => Request::RevokeAdmin { email },
    };
    match client::run(&config, &request).await? {
        Reply::Admin { email, admin, changed } => println!("{email} is {}.", state(admin, changed)),
        Reply::Rules { .. } => anyhow::bail!("the server answered another request; it is of another version"),
    }
    Ok(())
}

const fn state(admin: bool, changed: bool) -> &'static str {
    match (admin, changed) {
        (true, true) => "now an administrator",
        (true, false) => "already an administrator",
        (false, true) => "no longer an administrator",
        (false, false) => "not an administrator",
    }
}
