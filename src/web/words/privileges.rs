//! Labels and descriptions of permissions. Each has one stored name and one label.

use crate::domain::privilege::{AccountPrivilege, AccountPrivileges, SystemPrivilege, SystemPrivileges};

/// The label of a set with every permission on accounts.
pub const FULL_ACCESS: &str = "Full access";

/// A permission as a check box.
#[derive(Debug)]
pub struct Choice {
    /// The stored name, which forms send.
    pub name: &'static str,
    pub label: &'static str,
    pub words: &'static str,
    pub on: bool,
}

/// The permissions on accounts, with those of `set` ticked. One that nothing uses is offered only to be taken away.
pub fn account_choices(set: AccountPrivileges) -> Vec<Choice> {
    let offered =
        AccountPrivilege::ALL.iter().filter(|privilege| privilege.is_used() || set.has(**privilege));
    let choice = |privilege: &AccountPrivilege| {
        let (label, words) = on_account(*privilege);
        Choice { name: privilege.name(), label, words, on: set.has(*privilege) }
    };
    offered.map(choice).collect()
}

/// The system permissions, with those of `set` ticked.
pub fn system_choices(set: SystemPrivileges) -> Vec<Choice> {
    let choice = |privilege: &SystemPrivilege| {
        let (label, words) = on_system(*privilege);
        Choice { name: privilege.name(), label, words, on: set.has(*privilege) }
    };
    SystemPrivilege::ALL.iter().map(choice).collect()
}

/// The labels of a set of permissions on accounts.
pub fn account_labels(set: AccountPrivileges) -> Vec<&'static str> {
    if AccountPrivilege::ALL.iter().all(|privilege| set.has(*privilege) || !privilege.is_used()) {
        return vec![FULL_ACCESS];
    }
    set.iter().map(|privilege| on_account(privilege).0).collect()
}

/// The labels of a set of system permissions.
pub fn system_labels(set: SystemPrivileges) -> Vec<&'static str> {
    set.iter().map(|privilege| on_system(privilege).0).collect()
}

/// The label and the description of a permission on accounts.
pub const fn on_account(privilege: AccountPrivilege) -> (&'static str, &'static str) {
    match privilege {
        AccountPrivilege::View => {
            ("View", "See the account, its owner and its status. Every other permission requires this one.")
        }
        AccountPrivilege::Login => {
            ("Log in", "Log the account in: request login codes, view them and enter them.")
        }
        AccountPrivilege::EditTwoFactorPassword => (
            "Edit two-step password",
            "Store or replace the account's two-step password, without viewing it.",
        ),
        AccountPrivilege::ViewTwoFactorPassword => {
            ("View two-step password", "View the account's stored two-step password.")
        }
        AccountPrivilege::ManageConnectionState => {
            ("Manage connection", "Connect and disconnect the account. Its session at Telegram stays active.")
        }
        AccountPrivilege::ManageSessions => {
            ("Manage sessions", "View the account's sessions on other devices and end them.")
        }
        AccountPrivilege::RemoveAccount => {
            ("Remove account", "Log the account out and remove it from Telescope.")
        }
        AccountPrivilege::ViewContacts => ("View contacts", "View the account's stored contacts."),
    }
}

/// The label and the description of a system permission.
pub const fn on_system(privilege: SystemPrivilege) -> (&'static str, &'static str) {
    match privilege {
        SystemPrivilege::AddAccount => ("Add accounts", "Add accounts and set their owners."),
        SystemPrivilege::ApproveReveal => (
            "Approve requests",
            "Approve or decline other people's requests to view login codes and stored passwords, and to log devices in.",
        ),
        SystemPrivilege::ReadAudit => {
            ("Read audit log", "Read the audit log: who did what, when, and to which account.")
        }
        SystemPrivilege::ManageAccess => (
            "Manage access",
            "Manage roles, groups and people. Grant this with care: access managers can pass on any permission that \
             they have and remove permissions from others. They can't grant permissions that they don't have, change \
             their own roles, or change people who have more permissions.",
        ),
    }
}
