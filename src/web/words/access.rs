//! What the pages of roles, groups, people and permissions say.

use crate::domain::access::DenyReason;
use crate::domain::direction::isolated;
use crate::web::pages::access::notice::Notice;
use crate::words::quoted;

pub const fn notice(notice: Notice) -> Option<&'static str> {
    match notice {
        Notice::Made => Some("Created. You can set it up below."),
        Notice::Saved => Some("Saved."),
        Notice::Renamed => Some("Renamed."),
        Notice::Deleted => Some("Deleted."),
        Notice::SignedOut => Some("Signed out everywhere."),
        Notice::Blocked => Some("Blocked. This person can't sign in any more."),
        Notice::Unblocked => Some("Unblocked. This person can sign in again."),
        Notice::Admin => Some("This person is an admin now."),
        Notice::NoAdmin => Some("This person is no longer an admin."),
        Notice::Unlinked => {
            Some("Unlinked. The next person who signs in with this address takes over this user.")
        }
        Notice::AddressChanged => Some("Address changed. They have to sign in again."),
        Notice::Unknown => None,
    }
}

/// Another person changed the permissions that a form is about.
pub fn changed_meanwhile(now: &[&str]) -> String {
    let now = if now.is_empty() { "none".into() } else { now.join(", ") };
    format!(
        "Another person changed these permissions after you opened this page, so nothing was saved. They are now: {now}. \
         Your ticks are still here. Check them and review the changes again."
    )
}

/// Where a change of permissions applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    System,
    Groups,
    Accounts,
}

/// The beginning of a line that lists a change of permissions. `hidden` places are not named.
pub fn scope(scope: Scope, names: Vec<String>, hidden: usize) -> String {
    let one = names.len() + hidden == 1;
    match scope {
        Scope::System => "System permissions".into(),
        Scope::Groups if one => format!("Group {}", list(names, hidden)),
        Scope::Groups => format!("Groups {}", list(names, hidden)),
        Scope::Accounts if names.is_empty() => "Accounts you can't see".into(),
        Scope::Accounts if one => format!("Account {}", list(names, hidden)),
        Scope::Accounts => format!("Accounts {}", list(names, hidden)),
    }
}

/// Names that a list shows; the others are counted.
const LISTED: usize = 20;

/// "a, b and c". Names beyond the first ones, and those that are not told, end it as a number.
pub fn list(mut names: Vec<String>, hidden: usize) -> String {
    let more = names.len().saturating_sub(LISTED) + hidden;
    names.truncate(LISTED);
    match (more, names.pop()) {
        (0, None) => String::new(),
        (0, Some(last)) if names.is_empty() => last,
        (0, Some(last)) => format!("{} and {last}", names.join(", ")),
        (more, None) => format!("{more} more"),
        (more, Some(last)) => {
            names.push(last);
            format!("{} and {more} more", names.join(", "))
        }
    }
}

pub const ADMIN: &str = "Admins have every permission.";
pub const OWNER: &str = "Owner of the account.";

pub fn granted_in_group(role: &str, group: &str) -> String {
    format!("Granted by role {} in group {}.", isolated(role), isolated(group))
}

pub fn granted_by(role: &str) -> String {
    format!("Granted by role {}.", isolated(role))
}

pub const fn denied(reason: DenyReason) -> &'static str {
    match reason {
        DenyReason::NoRule => "Not granted.",
        DenyReason::Unverified => {
            "Owner of the account, but the identity provider hasn't verified the e-mail address."
        }
        DenyReason::Leaving => "The account is being removed.",
    }
}

pub const NO_ACCOUNT_WITH_NUMBER: &str = "There is no account with this number.";
pub const NO_USER_WITH_ADDRESS: &str = "There is no user with this e-mail address.";
pub const UNKNOWN_PERMISSION: &str =
    "The form names a permission that doesn't exist, so nothing was changed. Reload the page and try again.";
pub const UNREADABLE_SEARCH: &str = "An e-mail address has no such characters.";
pub const SELECT_PEOPLE: &str = "Select at least one person.";
pub const SELECT_ACCOUNTS: &str = "Select at least one account.";
pub const SELECT_ROLE: &str = "Choose a role.";
pub const ENTER_ADDRESSES: &str = "Enter at least one e-mail address.";
pub const ENTER_NUMBERS: &str = "Select accounts or enter their phone numbers.";

pub fn permissions_in(role: &str, group: &str) -> String {
    format!("Permissions of {} in {}", quoted(role), quoted(group))
}

pub fn system_permissions_of(role: &str) -> String {
    format!("System permissions of {}", quoted(role))
}

pub fn add_people_to(role: &str) -> String {
    format!("Add people to {}", quoted(role))
}

pub fn remove_people_from(role: &str) -> String {
    format!("Remove people from {}", quoted(role))
}

pub fn add_accounts_to(group: &str) -> String {
    format!("Add accounts to {}", quoted(group))
}

pub fn remove_accounts_from(group: &str) -> String {
    format!("Remove accounts from {}", quoted(group))
}

/// Adding or removing roles, named if it is one.
pub fn change_of_roles(removes: bool, role: Option<&str>) -> String {
    let verb = if removes { "Remove" } else { "Add" };
    role.map_or_else(|| format!("{verb} roles"), |role| format!("{verb} role {}", quoted(role)))
}

pub fn approval_question(group: &str, needed: bool) -> String {
    match needed {
        true => format!("Require approval for the accounts in {}?", quoted(group)),
        false => format!("Stop requiring approval for the accounts in {}?", quoted(group)),
    }
}

pub const fn approval_button(needed: bool) -> &'static str {
    match needed {
        true => "Require approval",
        false => "Stop requiring approval",
    }
}

/// What will happen, a sentence each. `accounts` are those that the reader can see.
pub fn approval_effects(needed: bool, accounts: usize, approvers: usize) -> Vec<String> {
    let secrets = match needed {
        true => {
            "Login codes and stored passwords are shown only after a second person approves the request, to admins \
             and owners as well."
        }
        false => {
            "Login codes and stored passwords are shown without approval to anyone who has permission to view them, \
             unless another group of the account requires it."
        }
    };
    let who = match approvers {
        _ if !needed => "Requests that wait are no longer needed.".to_owned(),
        0 => "No one has permission to approve, so nothing can be shown until someone has.".to_owned(),
        1 => "1 person can approve, but not their own requests.".to_owned(),
        many => format!("{many} people can approve, but not their own requests."),
    };
    vec![applies_to(accounts), secrets.to_owned(), who]
}

pub fn emergency_question(group: &str, allowed: bool) -> String {
    match allowed {
        true => format!("Allow emergency access to the accounts in {}?", quoted(group)),
        false => format!("Stop allowing emergency access to the accounts in {}?", quoted(group)),
    }
}

pub const fn emergency_button(allowed: bool) -> &'static str {
    match allowed {
        true => "Allow emergency access",
        false => "Stop allowing emergency access",
    }
}

/// The same for emergency access.
pub fn emergency_effects(allowed: bool, accounts: usize, approvers: usize) -> Vec<String> {
    let codes = match allowed {
        true => {
            "Anyone who has permission to log in to an account can view its login codes without approval, with a \
             reason, unless another of its groups requires approval without exception. Stored passwords still \
             need approval."
        }
        false => "Login codes are shown only after a second person approves the request.",
    };
    let who = match approvers {
        _ if !allowed => "What was viewed in an emergency before stays in the audit log.".to_owned(),
        0 => "No one has permission to approve, so no one is told when it is used. It is in the audit log."
            .to_owned(),
        1 => "The 1 person who can approve is told at once when it is used, and it is in the audit log."
            .to_owned(),
        many => {
            format!(
                "The {many} people who can approve are told at once when it is used, and it is in the audit log."
            )
        }
    };
    vec![applies_to(accounts), codes.to_owned(), who]
}

/// How many accounts a requirement applies to, of those that the reader can see.
pub fn applies_to(accounts: usize) -> String {
    match accounts {
        0 => "The group has no accounts that you can see.".to_owned(),
        1 => "This applies to 1 account that you can see.".to_owned(),
        many => format!("This applies to {many} accounts that you can see."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lists_end_with_a_number() {
        let names = |count: usize| (0..count).map(|at| format!("n{at}")).collect::<Vec<_>>();
        assert_eq!(list(names(0), 0), "");
        assert_eq!(list(names(1), 0), "n0");
        assert_eq!(list(names(3), 0), "n0, n1 and n2");
        assert_eq!(list(names(1), 2), "n0 and 2 more");
        let long = list(names(10_000), 0);
        assert!(long.ends_with("n18, n19 and 9980 more"), "{long}");
    }
}
