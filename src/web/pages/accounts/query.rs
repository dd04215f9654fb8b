//! What a list of accounts shows, as written in the page's URL.

use serde::{Deserialize, Serialize};

use crate::web::paths::{self, with_query};
use crate::web::words::{connections, stages};

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
    /// Order: `phone`, `owner`, `stage` (what needs attention first), each with `-` before it the other way round; anything
    /// else: the newest first.
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

    /// As it is in an address, for forms.
    pub fn text(&self) -> String {
        serde_html_form::to_string(self).unwrap_or_default()
    }

    /// What [`text`](Self::text) wrote.
    pub fn of_text(text: &str) -> Option<Self> {
        serde_html_form::from_str(text).ok()
    }

    /// The same list with another stage, or any (`""`).
    pub fn with_stage(&self, stage: &str) -> String {
        Self { stage: stage.to_owned(), ..self.clone() }.url(1)
    }

    /// The same list by this column; again the other way round, and then as at first.
    pub fn with_sort(&self, column: &str) -> String {
        let sort = match self.sort.strip_prefix('-') {
            Some(sorted) if sorted == column => String::new(),
            None if self.sort == column => format!("-{column}"),
            _ => column.to_owned(),
        };
        Self { sort, ..self.clone() }.url(1)
    }

    /// The column that the list is sorted by; empty if it has the newest first.
    pub fn sort_column(&self) -> &str {
        let column = self.sort.strip_prefix('-').unwrap_or(&self.sort);
        if matches!(column, "phone" | "owner" | "stage") { column } else { "" }
    }

    pub fn is_descending(&self) -> bool {
        self.sort.starts_with('-') || self.sort_column().is_empty()
    }

    /// The whole list in the same order.
    pub fn without_filters(&self) -> String {
        Self { sort: self.sort.clone(), ..Self::default() }.url(1)
    }

    /// Whether it filters by more than the stage.
    pub fn narrows(&self) -> bool {
        !(self.q.trim().is_empty() && self.group.is_empty() && self.owner.is_empty() && self.line.is_empty())
    }

    /// The labels and values of the filters that are set, for printing. The group is added by the template, which has
    /// its name.
    pub fn filters(&self) -> Vec<(&'static str, &str)> {
        let stage = stages::label_of(&self.stage).unwrap_or(&self.stage);
        let owner = if self.owner == NO_OWNER { "none" } else { self.owner.trim() };
        let known = connections::CHOICES.iter().find(|(name, _)| *name == self.line);
        let line = known.map_or(self.line.as_str(), |(_, label)| *label);
        let all = [("Search", self.q.trim()), ("Status", stage), ("Owner", owner), ("Connection", line)];
        all.into_iter().filter(|(_, value)| !value.is_empty()).collect()
    }

    /// The URL of the live list, for a page at the position `shown`.
    pub fn events_url(&self) -> String {
        with_query(paths::ACCOUNTS_EVENTS, self)
    }

    /// The owner, as addresses are stored.
    pub fn wanted_owner(&self) -> String {
        self.owner.trim().to_lowercase()
    }
}
