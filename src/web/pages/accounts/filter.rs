//! Whether an account belongs into a list.

use super::query::{AccountsQuery, NO_OWNER};
use crate::domain::{Email, GroupId};
use crate::live::accounts::Entry;
use crate::web::words::connections;

/// An [`AccountsQuery`], prepared for many accounts.
pub struct Filter<'a> {
    stage: &'a str,
    group: Option<Option<GroupId>>,
    owner: String,
    line: &'a str,
    wanted: String,
    digits: String,
}

impl<'a> Filter<'a> {
    pub fn new(query: &'a AccountsQuery) -> Self {
        let wanted = query.q.trim().to_lowercase();
        let digits: String = wanted.chars().filter(char::is_ascii_digit).collect();
        let is_number = !digits.is_empty() && digits.len() + 3 >= wanted.len();
        Self {
            stage: &query.stage,
            // What is no id matches no group.
            group: (!query.group.is_empty()).then(|| query.group.parse().ok()),
            owner: query.wanted_owner(),
            line: &query.line,
            digits: if is_number { digits } else { String::new() },
            wanted,
        }
    }

    /// Whether the account matches.
    pub fn fits(&self, entry: &Entry) -> bool {
        (self.stage.is_empty() || entry.snapshot.status() == self.stage)
            && (self.line.is_empty() || connections::choice(entry.snapshot.network) == self.line)
            && self.fits_group(&entry.account.groups)
            && self.fits_owner(entry.account.owner.as_ref())
            && (self.wanted.is_empty() || self.is_found_in(entry))
    }

    fn fits_group(&self, groups: &[GroupId]) -> bool {
        match self.group {
            None => true,
            Some(wanted) => wanted.is_some_and(|wanted| groups.contains(&wanted)),
        }
    }

    fn fits_owner(&self, owner: Option<&Email>) -> bool {
        match (self.owner.as_str(), owner) {
            ("", _) | (NO_OWNER, None) => true,
            (wanted, owner) => owner.is_some_and(|owner| owner.as_str() == wanted),
        }
    }

    fn is_found_in(&self, entry: &Entry) -> bool {
        let wanted = self.wanted.as_str();
        let account = &entry.account;
        (!self.digits.is_empty() && account.phone.digits().contains(&self.digits))
            || account.owner.as_ref().is_some_and(|owner| owner.as_str().contains(wanted))
            || account.comment.to_lowercase().contains(wanted)
            || entry.snapshot.profile.as_ref().is_some_and(|profile| {
                profile.name.to_lowercase().contains(wanted)
                    || profile.username.as_ref().is_some_and(|name| name.to_lowercase().contains(wanted))
            })
    }
}
