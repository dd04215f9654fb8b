//! What a viewer wants to see of the accounts, as it stands in the address of the page.

use serde::{Deserialize, Serialize};

use crate::domain::{Email, GroupId, Network};
use crate::live::accounts::Entry;

/// Stands for the accounts without an owner.
pub const NOBODY: &str = "nobody";

/// How the line of an account is, to filter by: names and words.
pub const LINES: [(&str, &str); 3] =
    [("in-touch", "In touch with Telegram"), ("trouble", "Not in touch"), ("off", "Line off")];

/// What the viewer wants to see, from the URL.
#[derive(Debug, Clone, Default, Deserialize, Serialize, PartialEq, Eq)]
#[serde(default)]
pub struct Query {
    /// Part of a number, name, owner or comment.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub q: String,
    /// The name of a stage.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub stage: String,
    /// The id of a group.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub group: String,
    /// The address of an owner, or [`NOBODY`].
    #[serde(skip_serializing_if = "String::is_empty")]
    pub owner: String,
    /// The name of one of [`LINES`].
    #[serde(skip_serializing_if = "String::is_empty")]
    pub line: String,
    /// Order: `phone`, `owner`, `stage` (what waits for somebody first); anything else: the newest first.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub sort: String,
    /// From 1.
    #[serde(skip_serializing_if = "is_first")]
    pub page: Option<usize>,
}

fn is_first(page: &Option<usize>) -> bool {
    page.is_none_or(|page| page <= 1)
}

impl Query {
    /// The address of this query's list, at another page.
    pub fn url(&self, page: usize) -> String {
        let encoded = Self { page: Some(page), ..self.clone() }.encoded();
        if encoded.is_empty() { "/accounts".into() } else { format!("/accounts?{encoded}") }
    }

    /// The address of the same list with another stage, or any (`""`).
    pub fn with_stage(&self, stage: &str) -> String {
        Self { stage: stage.to_owned(), ..self.clone() }.url(1)
    }

    /// The address of the same list in another order; the order that it has already leads back.
    pub fn with_sort(&self, sort: &str) -> String {
        let sort = if self.sort == sort { "" } else { sort };
        Self { sort: sort.to_owned(), ..self.clone() }.url(1)
    }

    /// The address of the list with nothing but this one's order.
    pub fn without_filters(&self) -> String {
        Self { sort: self.sort.clone(), ..Self::default() }.url(1)
    }

    /// Whether it leaves accounts out by more than their stage.
    pub fn narrows(&self) -> bool {
        !(self.q.trim().is_empty() && self.group.is_empty() && self.owner.is_empty() && self.line.is_empty())
    }

    /// The part behind the question mark.
    pub fn encoded(&self) -> String {
        serde_html_form::to_string(self).unwrap_or_default()
    }

    /// The owner that is asked for, as owners are kept.
    pub fn wanted_owner(&self) -> String {
        self.owner.trim().to_lowercase()
    }

    /// The same, prepared for looking at many accounts.
    pub fn filter(&self) -> Filter<'_> {
        let wanted = self.q.trim().to_lowercase();
        let digits: String = wanted.chars().filter(char::is_ascii_digit).collect();
        let is_number = !digits.is_empty() && digits.len() + 3 >= wanted.len();
        Filter {
            stage: &self.stage,
            // What is no id is no group's id.
            group: (!self.group.is_empty()).then(|| self.group.parse().ok()),
            owner: self.wanted_owner(),
            line: &self.line,
            digits: if is_number { digits } else { String::new() },
            wanted,
        }
    }
}

/// A [`Query`] that looks at accounts.
pub struct Filter<'a> {
    stage: &'a str,
    group: Option<Option<GroupId>>,
    owner: String,
    line: &'a str,
    wanted: String,
    digits: String,
}

impl Filter<'_> {
    /// Whether the account is asked for.
    pub fn fits(&self, entry: &Entry) -> bool {
        (self.stage.is_empty() || entry.snapshot.stage.name() == self.stage)
            && (self.line.is_empty() || line(entry.snapshot.network) == self.line)
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
            ("", _) | (NOBODY, None) => true,
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

/// The name among [`LINES`] of how a line is.
const fn line(network: Network) -> &'static str {
    match network {
        Network::Ready => "in-touch",
        Network::Off => "off",
        Network::Waiting | Network::ConnectingToProxy | Network::Connecting | Network::Updating => "trouble",
    }
}
