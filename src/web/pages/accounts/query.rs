//! What a list of accounts shows, as it is written in the page's address.

use serde::{Deserialize, Serialize};

use crate::web::paths::{self, with_query};

/// In place of an owner's address: accounts without an owner.
pub const NO_OWNER: &str = "nobody";

#[derive(Debug, Clone, Default, Deserialize, Serialize, PartialEq, Eq, Hash)]
#[serde(default)]
pub struct AccountsQuery {
    /// Words that a number, name, owner, comment or group has, in any order.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub q: String,
    /// The name of a stage.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub stage: String,
    /// The id of a group.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub group: String,
    /// The address of an owner, or [`NO_OWNER`].
    #[serde(skip_serializing_if = "String::is_empty")]
    pub owner: String,
    /// The name of one of the connection's [`CHOICES`](crate::web::words::connections::CHOICES).
    #[serde(skip_serializing_if = "String::is_empty")]
    pub line: String,
    /// Order: `phone`, `owner`, `stage` (what needs attention first); anything else: the newest first.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub sort: String,
    /// From 1.
    #[serde(skip_serializing_if = "is_first")]
    pub page: Option<usize>,
}

fn is_first(page: &Option<usize>) -> bool {
    page.is_none_or(|page| page <= 1)
}

impl AccountsQuery {
    /// The address of this query's list, at another page.
    pub fn url(&self, page: usize) -> String {
        with_query(paths::ACCOUNTS, Self { page: Some(page), ..self.clone() })
    }

    /// The same list with another stage, or any (`""`).
    pub fn with_stage(&self, stage: &str) -> String {
        Self { stage: stage.to_owned(), ..self.clone() }.url(1)
    }

    /// The same list in another order; the order that it has already leads back.
    pub fn with_sort(&self, sort: &str) -> String {
        let sort = if self.sort == sort { "" } else { sort };
        Self { sort: sort.to_owned(), ..self.clone() }.url(1)
    }

    /// The list with nothing but this one's order.
    pub fn without_filters(&self) -> String {
        Self { sort: self.sort.clone(), ..Self::default() }.url(1)
    }

    /// Whether it leaves accounts out by more than their stage.
    pub fn narrows(&self) -> bool {
        !(self.q.trim().is_empty() && self.group.is_empty() && self.owner.is_empty() && self.line.is_empty())
    }

    /// The address of the live list, for a page that shows it already as `shown` says.
    pub fn events_url(&self) -> String {
        with_query(paths::ACCOUNTS_EVENTS, self)
    }

    /// The owner, as addresses are stored.
    pub fn wanted_owner(&self) -> String {
        self.owner.trim().to_lowercase()
    }
}
