//! `telescope admin`: how a Telescope gets its first administrator, since signing in first makes none, and how people get
//! in again whom no one on the pages can help, such as the only administrator.

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
    /// Unlink a person's identity: the next person to sign in with the address takes over its user. For an address that
    /// the identity provider now has a new subject for.
    Unlink {
        /// The person's e-mail address.
        email: String,
    },
    /// Unblock a person.
    Unblock {
        /// The person's e-mail address.
        email: String,
    },
    /// Move a person to another address, with their roles and the accounts they own.
    Move {
        /// The address by which Telescope knows the person.
        email: String,
        /// The address that the identity provider has for them now.
        to: String,
    },
}

pub async fn run(config: Config, admin: Admin) -> anyhow::Result<()> {
    let request = match admin {
        Admin::Grant { email } => Request::GrantAdmin { email },
        Admin::Revoke { email } => Request::RevokeAdmin { email },
        Admin::Unlink { email } => Request::UnlinkIdentity { email },
        Admin::Unblock { email } => Request::UnblockUser { email },
        Admin::Move { email, to } => Request::MoveUser { email, to },
    };
    match client::run(&config, &request).await? {
        Reply::Admin { email, admin, changed } => println!("{email} is {}.", state(admin, changed)),
        Reply::Unlinked { email } => {
            println!(
                "The identity of {email} is unlinked: the next person to sign in with this address takes it over."
            );
        }
        Reply::Unblocked { email, changed: true } => println!("{email} can sign in again."),
        Reply::Unblocked { email, changed: false } => println!("{email} wasn't blocked."),
        Reply::Moved { email, to, accounts: 1 } => println!("{email} is now {to}, with one account."),
        Reply::Moved { email, to, accounts } => println!("{email} is now {to}, with {accounts} accounts."),
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
