//! Whether an account belongs in a list.

use std::sync::Arc;

use super::query::{AccountsQuery, NO_OWNER};
use crate::domain::search::Search;
use crate::domain::{Email, GroupId};
use crate::live::accounts::{Entry, GroupNames};
use crate::web::words::connections;

/// An [`AccountsQuery`], prepared for many accounts.
pub struct Filter<'a> {
    stage: &'a str,
    group: Option<Option<GroupId>>,
    owner: String,
    line: &'a str,
    search: Search,
    groups: Arc<GroupNames>,
}

impl<'a> Filter<'a> {
    /// `groups` has the names of all groups: an account is found by the names of its own.
    pub fn new(query: &'a AccountsQuery, groups: Arc<GroupNames>) -> Self {
        Self {
            stage: &query.stage,
            // An invalid id matches no group.
            group: (!query.group.is_empty()).then(|| query.group.parse().ok()),
            owner: query.wanted_owner(),
            line: &query.line,
            search: Search::new(&query.q),
            groups,
        }
    }

    /// Whether the account matches.
    pub fn fits(&self, entry: &Entry) -> bool {
        self.fits_stage(entry) && self.fits_beside_stage(entry)
    }

    pub fn fits_stage(&self, entry: &Entry) -> bool {
        self.stage.is_empty() || entry.snapshot.status() == self.stage
    }

    /// Whether the account matches but for its stage.
    pub fn fits_beside_stage(&self, entry: &Entry) -> bool {
        (self.line.is_empty() || connections::choice(entry.snapshot.network) == self.line)
            && self.fits_group(&entry.account.groups)
            && self.fits_owner(entry.account.owner.as_ref())
            && (self.search.is_empty() || self.is_found_in(entry))
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
        let account = &entry.account;
        let profile = entry.snapshot.profile.as_ref();
        let username = profile.and_then(|profile| Some(format!("@{}", profile.username.as_ref()?)));
        let groups = account.groups.iter().filter_map(|id| self.groups.get(id)).map(AsRef::as_ref);
        let bot = account.identifier.is_bot().then(|| account.identifier.to_string());
        let texts = [
            profile.map(|profile| profile.name.as_str()),
            username.as_deref(),
            account.owner.as_ref().map(Email::as_str),
            Some(account.comment.as_str()),
            bot.as_deref(),
        ];
        self.search.finds(&account.identifier.digits(), texts.into_iter().flatten().chain(groups))
    }
}
