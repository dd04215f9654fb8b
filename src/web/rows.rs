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
use crate::domain::access::{Actor, privileges, system_privileges};
use crate::domain::privilege::{AccountPrivilege, AccountPrivileges, SystemPrivilege};
use crate::domain::stage::Mood;
use crate::domain::{AccountId, Email, Network, Snapshot};

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
    /// The address of an owner.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub owner: String,
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

    /// The address of the same list of any owner.
    pub fn with_any_owner(&self) -> String {
        Self { owner: String::new(), ..self.clone() }.url(1)
    }

    /// The address of the same list in another order; the order that it has already leads back.
    pub fn with_sort(&self, sort: &str) -> String {
        let sort = if self.sort == sort { "" } else { sort };
        Self { sort: sort.to_owned(), ..self.clone() }.url(1)
    }

    /// Whether it leaves accounts out.
    pub fn filters(&self) -> bool {
        !(self.q.trim().is_empty() && self.stage.is_empty() && self.owner.is_empty())
    }

    /// The part behind the question mark.
    pub fn encoded(&self) -> String {
        serde_html_form::to_string(self).unwrap_or_default()
    }

    fn matches(&self, entry: &Entry) -> bool {
        if !self.stage.is_empty() && entry.snapshot.stage.name() != self.stage {
            return false;
        }
        let owner = entry.account.owner.as_ref().map_or("", Email::as_str);
        if !self.owner.is_empty() && owner != self.owner.trim().to_lowercase() {
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
            || owner.contains(&wanted)
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
    /// The stages that occur among the visible, the most urgent first.
    pub stages: Vec<Count>,
    /// Whether the viewer may add accounts.
    pub may_add: bool,
}

/// How many accounts are in a stage.
#[derive(Debug)]
pub struct Count {
    /// The stage's name.
    pub name: &'static str,
    /// The stage's label.
    pub label: String,
    /// How urgent it is.
    pub mood: Mood,
    /// How many.
    pub count: usize,
}

impl View {
    /// The places of the first and the last row shown, from 1.
    pub fn range(&self) -> (usize, usize) {
        let before = self.page.saturating_sub(1) * PAGE;
        (before + 1, before + self.rows.len())
    }
}

/// What waits for somebody comes before what goes on by itself.
const fn urgency(mood: Mood) -> u8 {
    match mood {
        Mood::Bad => 0,
        Mood::Waiting => 1,
        Mood::Moving => 2,
        Mood::Good => 3,
        Mood::Off => 4,
    }
}

/// What `actor` sees of `listing` with `query`.
pub fn view(listing: &Listing, actor: &Actor, query: &Query) -> View {
    let may_add = system_privileges(actor).has(SystemPrivilege::AddAccount);
    let mut view = View { may_add, ..View::default() };
    let mut matching = Vec::new();
    for entry in &listing.entries {
        let may = privileges(actor, &entry.account);
        if !may.has(AccountPrivilege::View) {
            continue;
        }
        view.visible += 1;
        let stage = &entry.snapshot.stage;
        match view.stages.iter_mut().find(|count| count.name == stage.name()) {
            Some(count) => count.count += 1,
            None => view.stages.push(Count {
                name: stage.name(),
                label: stage.label().to_owned(),
                mood: stage.mood(),
                count: 1,
            }),
        }
        if query.matches(entry) {
            matching.push((Arc::clone(entry), may));
        }
    }
    view.stages.sort_by(|a, b| (urgency(a.mood), &a.label).cmp(&(urgency(b.mood), &b.label)));
    match query.sort.as_str() {
        "phone" => matching.sort_by(|(a, _), (b, _)| a.account.phone.cmp(&b.account.phone)),
        "owner" => matching.sort_by(|(a, _), (b, _)| a.account.owner.cmp(&b.account.owner)),
        "stage" => matching.sort_by_key(|(entry, _)| {
            let stage = &entry.snapshot.stage;
            (urgency(stage.mood()), stage.label().to_owned())
        }),
        _ => matching.reverse(),
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

    /// What this viewer can do next; the dialog behind it says more.
    fn next_step(&self) -> Option<&'static str> {
        let stage = &self.entry.snapshot.stage;
        let may = |privilege| self.may.has(privilege);
        if may(AccountPrivilege::Login) && stage.input().is_some() {
            Some("Provide")
        } else if may(AccountPrivilege::Login) && stage.can_ask_for_code() {
            Some("Ask for a code")
        } else if may(AccountPrivilege::ManageConnectionState) && stage.can_connect() {
            Some("Connect")
        } else {
            None
        }
    }

    fn trouble_with_the_line(&self) -> bool {
        !matches!(self.entry.snapshot.network, Network::Ready | Network::Off)
    }

    fn meaning(&self) -> String {
        text::meaning(&self.entry.snapshot.stage)
    }
}

/// What stands in the table when it has no row.
#[derive(Template)]
#[template(path = "parts/empty.html")]
struct Empty<'a> {
    view: &'a View,
}

/// The body of the table.
pub fn body(view: &View) -> String {
    if view.rows.is_empty() {
        return Empty { view }.render().unwrap_or_default();
    }
    view.rows
        .iter()
        .filter_map(|(entry, may)| row(entry, *may).ok())
        .fold(String::new(), |all, row| all + &row)
}

/// Versions are unique to an entry's value, but entries that came at once share one: the id tells them apart.
type Rendered = HashMap<(AccountId, u64, AccountPrivileges), Arc<str>>;
static CACHED: LazyLock<Mutex<Rendered>> = LazyLock::new(Mutex::default);

/// A row as HTML, rendered once for all who have these privileges.
pub fn row(entry: &Entry, may: AccountPrivileges) -> Result<Arc<str>, askama::Error> {
    let key = (entry.account.id, entry.version, may);
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
