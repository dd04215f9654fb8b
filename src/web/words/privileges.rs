//! Privileges in words: a short one for tables and lists, and a sentence for whoever gives it away.

use crate::domain::privilege::{AccountPrivilege, AccountPrivileges, SystemPrivilege, SystemPrivileges};

/// A privilege as something to tick.
#[derive(Debug)]
pub struct Choice {
    /// Its name, as forms send it.
    pub name: &'static str,
    /// Its short word.
    pub label: &'static str,
    /// What it means.
    pub words: &'static str,
    /// Whether it is ticked.
    pub on: bool,
}

/// The privileges on accounts, with those of `set` ticked.
pub fn account_choices(set: AccountPrivileges) -> Vec<Choice> {
    let choice = |privilege: &AccountPrivilege| {
        let (label, words) = on_account(*privilege);
        Choice { name: privilege.name(), label, words, on: set.has(*privilege) }
    };
    AccountPrivilege::ALL.iter().map(choice).collect()
}

/// The privileges on the system, with those of `set` ticked.
pub fn system_choices(set: SystemPrivileges) -> Vec<Choice> {
    let choice = |privilege: &SystemPrivilege| {
        let (label, words) = on_system(*privilege);
        Choice { name: privilege.name(), label, words, on: set.has(*privilege) }
    };
    SystemPrivilege::ALL.iter().map(choice).collect()
}

/// A set of privileges on accounts in short words.
pub fn account_labels(set: AccountPrivileges) -> Vec<&'static str> {
    if set == AccountPrivileges::ALL {
        return vec!["everything"];
    }
    set.iter().map(|privilege| on_account(privilege).0).collect()
}

/// A set of privileges on the system in short words.
pub fn system_labels(set: SystemPrivileges) -> Vec<&'static str> {
    set.iter().map(|privilege| on_system(privilege).0).collect()
}

/// The short word and the sentence for a privilege on accounts.
pub const fn on_account(privilege: AccountPrivilege) -> (&'static str, &'static str) {
    match privilege {
        AccountPrivilege::View => (
            "see",
            "See that the account exists, whose it is and how it stands. Without this none of the others counts.",
        ),
        AccountPrivilege::Login => {
            ("log in", "Get into the account: ask for login codes, read them, and provide them.")
        }
        AccountPrivilege::EditTwoFactorPassword => {
            ("store password", "Store the account's two-step password, without reading the stored one.")
        }
        AccountPrivilege::ViewTwoFactorPassword => {
            ("read password", "Read the account's stored two-step password.")
        }
        AccountPrivilege::ManageConnectionState => {
            ("connect", "Connect and disconnect the account's client. Its session at Telegram stays.")
        }
        AccountPrivilege::ManageSessions => {
            ("sessions", "See the account's sessions on other devices, and end them.")
        }
        AccountPrivilege::RemoveAccount => ("remove", "Log the account out and remove it from here."),
        AccountPrivilege::ViewContacts => ("contacts", "Read the account's stored contacts."),
    }
}

/// The short word and the sentence for a privilege on the system.
pub const fn on_system(privilege: SystemPrivilege) -> (&'static str, &'static str) {
    match privilege {
        SystemPrivilege::AddAccount => ("add accounts", "Add accounts, and say whose they are."),
        SystemPrivilege::ApproveReveal => {
            ("approve", "Approve that somebody else is shown a secret, such as a stored password.")
        }
        SystemPrivilege::ReadAudit => {
            ("read audit", "Read the whole audit trail: who did what, when, and with which account.")
        }
        SystemPrivilege::ManageAccess => (
            "arrange access",
            "Arrange who may do what: roles, groups and people. Give this with care, for it is close to being an \
             administrator: whoever has it can pass on every right of their own and take rights away. They can't give \
             what they have not got, change their own roles, or touch people who may do more.",
        ),
    }
}
