//! What the pages of roles, groups, people and permissions say.

use crate::domain::access::DenyReason;
use crate::web::pages::access::notice::Notice;

pub const fn notice(notice: Notice) -> Option<&'static str> {
    match notice {
        Notice::Made => Some("Created. You can set it up below."),
        Notice::Saved => Some("Saved."),
        Notice::Renamed => Some("Renamed."),
        Notice::Deleted => Some("Deleted."),
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
    format!("Granted by role {role} in group {group}.")
}

pub fn granted_by(role: &str) -> String {
    format!("Granted by role {role}.")
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
pub const NO_ACCOUNT: &str = "There is no such account.";
pub const NO_USER_WITH_ADDRESS: &str = "There is no user with this e-mail address.";
pub const SELECT_PEOPLE: &str = "Select at least one person.";
pub const SELECT_ACCOUNTS: &str = "Select at least one account.";
pub const SELECT_ROLE: &str = "Choose a role.";
pub const ENTER_ADDRESSES: &str = "Enter at least one e-mail address.";
pub const ENTER_NUMBERS: &str = "Select accounts or enter their phone numbers.";

pub fn permissions_in(role: &str, group: &str) -> String {
    format!("Permissions of “{role}” in “{group}”")
}

pub fn system_permissions_of(role: &str) -> String {
    format!("System permissions of “{role}”")
}

pub fn add_people_to(role: &str) -> String {
    format!("Add people to “{role}”")
}

pub fn remove_people_from(role: &str) -> String {
    format!("Remove people from “{role}”")
}

pub fn add_accounts_to(group: &str) -> String {
    format!("Add accounts to “{group}”")
}

pub fn remove_accounts_from(group: &str) -> String {
    format!("Remove accounts from “{group}”")
}

/// Adding or removing roles, named if it is one.
pub fn change_of_roles(removes: bool, role: Option<&str>) -> String {
    let verb = if removes { "Remove" } else { "Add" };
    role.map_or_else(|| format!("{verb} roles"), |role| format!("{verb} role “{role}”"))
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
