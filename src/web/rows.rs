//! The list of accounts as one viewer asked for it, and its rows.
//!
//! The page and its live stream use the same [`Query`], so a row appears and leaves live just as it would on
//! a reload. A row holds nothing of its viewer but his privileges, so it is rendered once per version and set
//! of privileges and shared by all who look.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use askama::Template;
use serde::{Deserialize, Serialize};

use super::text;
use crate::directory::{Entry, Listing};
use crate::domain::access::{Actor, privileges};
use crate::domain::privilege::{AccountPrivilege, AccountPrivileges};
use crate::domain::{Network, Snapshot};

/// Rows on a page.
pub const PAGE: usize = 100;
/// Rows that are kept rendered.
const CACHE: usize = 8192;

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
    /// Order: `phone`, `owner`, `stage`; anything else is by time of adding.
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
    /// This query as it stands in a URL, with another page.
    pub fn url(&self, page: usize) -> String {
        let query = Self { page: Some(page), ..self.clone() };
        let encoded = serde_html_form::to_string(&query).unwrap_or_default();
        if encoded.is_empty() { "/accounts".into() } else { format!("/accounts?{encoded}") }
    }

    /// The part behind the question mark.
    pub fn encoded(&self) -> String {
        serde_html_form::to_string(self).unwrap_or_default()
    }

    fn matches(&self, entry: &Entry) -> bool {
        if !self.stage.is_empty() && entry.snapshot.stage.name() != self.stage {
            return false;
        }
        let wanted = self.q.trim().to_lowercase();
        if wanted.is_empty() {
            return true;
        }
        let digits: String = wanted.chars().filter(char::is_ascii_digit).collect();
        let account = &entry.account;
        let profile = entry.snapshot.profile.as_ref();
        (!digits.is_empty() && digits.len() + 3 >= wanted.len() && account.phone.digits().contains(&digits))
            || account.owner.as_ref().is_some_and(|owner| owner.as_str().contains(&wanted))
            || account.comment.to_lowercase().contains(&wanted)
            || profile.is_some_and(|profile| {
                profile.name.to_lowercase().contains(&wanted)
                    || profile.username.as_ref().is_some_and(|name| name.to_lowercase().contains(&wanted))
            })
    }
}

/// What a viewer sees of a listing.
#[derive(Debug, Default)]
pub struct View {
    /// The entries of the page, in order, with what the viewer may do.
    pub rows: Vec<(Arc<Entry>, AccountPrivileges)>,
    /// How many match.
    pub matching: usize,
    /// How many the viewer may see.
    pub visible: usize,
    /// The page shown, from 1.
    pub page: usize,
    /// How many pages there are.
    pub pages: usize,
    /// How many of the visible are in each stage that occurs: name, label, count.
    pub stages: Vec<(&'static str, String, usize)>,
}

/// What `actor` sees of `listing` with `query`.
pub fn view(listing: &Listing, actor: &Actor, query: &Query) -> View {
    let mut view = View::default();
    let mut matching = Vec::new();
    for entry in &listing.entries {
        let may = privileges(actor, &entry.account);
        if !may.has(AccountPrivilege::View) {
            continue;
        }
        view.visible += 1;
        let stage = &entry.snapshot.stage;
        match view.stages.iter_mut().find(|(name, ..)| *name == stage.name()) {
            Some((_, _, count)) => *count += 1,
            None => view.stages.push((stage.name(), stage.label().to_owned(), 1)),
        }
        if query.matches(entry) {
            matching.push((Arc::clone(entry), may));
        }
    }
    view.stages.sort();
    match query.sort.as_str() {
        "phone" => matching.sort_by(|(a, _), (b, _)| a.account.phone.cmp(&b.account.phone)),
        "owner" => matching.sort_by(|(a, _), (b, _)| a.account.owner.cmp(&b.account.owner)),
        "stage" => matching.sort_by_key(|(entry, _)| entry.snapshot.stage.label().to_owned()),
        _ => {}
    }
    view.matching = matching.len();
    view.pages = matching.len().div_ceil(PAGE).max(1);
    view.page = query.page.unwrap_or(1).clamp(1, view.pages);
    view.rows = matching.into_iter().skip((view.page - 1) * PAGE).take(PAGE).collect();
    view
}

/// A row of the table.
#[derive(Template)]
#[template(path = "parts/row.html")]
struct Row<'a> {
    entry: &'a Entry,
    may: AccountPrivileges,
}

impl Row<'_> {
    fn snapshot(&self) -> &Snapshot {
        &self.entry.snapshot
    }

    fn may_login(&self) -> bool {
        self.may.has(AccountPrivilege::Login)
    }

    fn trouble_with_the_line(&self) -> bool {
        !matches!(self.entry.snapshot.network, Network::Ready | Network::Off)
    }

    fn meaning(&self) -> String {
        text::meaning(&self.entry.snapshot.stage)
    }
}

type Rendered = HashMap<(u64, AccountPrivileges), Arc<str>>;
static CACHED: LazyLock<Mutex<Rendered>> = LazyLock::new(Mutex::default);

/// A row as HTML, rendered once for all who have these privileges.
pub fn row(entry: &Entry, may: AccountPrivileges) -> Result<Arc<str>, askama::Error> {
    let key = (entry.version, may);
    if let Some(html) = CACHED.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
        return Ok(Arc::clone(html));
    }
    let html: Arc<str> = Row { entry, may }.render()?.into();
    let mut cached = CACHED.lock().unwrap_or_else(PoisonError::into_inner);
    if cached.len() >= CACHE {
        cached.clear();
    }
    cached.insert(key, Arc::clone(&html));
    Ok(html)
}
