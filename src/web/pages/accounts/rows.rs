//! The list of accounts as one viewer asked for it, and its rows.
//!
//! The page and its live stream use the same [`AccountsQuery`], so a row appears and leaves live just as it would on
//! a reload.

use std::collections::HashMap;
use std::sync::Arc;

use askama::Template;
use parking_lot::Mutex;
use strum::IntoEnumIterator;

use crate::domain::job_line::ActionKind;
use crate::domain::privilege::{AccountPrivilege, AccountPrivileges, SystemPrivilege, SystemPrivileges};
use crate::domain::stage::Severity;
use crate::domain::{AccountId, DesiredState, Email, GroupId, Network, Snapshot};
use crate::live::accounts::{Entry, GroupNames};
use crate::web::pages::accounts::query::{AccountsQuery, NO_OWNER};
use crate::web::paths;
use crate::web::words::{accounts as words, connections, stages};
use crate::words::refusals;

/// Rows on a page.
pub const PAGE: usize = 100;
/// Rows that are kept rendered.
const CACHE: usize = 32 * 1024;

/// What a viewer sees of a listing.
#[derive(Debug, Default)]
pub struct View {
    /// The entries of the page, in order, with what the viewer may do.
    pub rows: Vec<(Arc<Entry>, AccountPrivileges)>,
    /// How many match.
    pub matching: usize,
    /// How many the viewer may see.
    pub visible: usize,
    /// How many match but for their stage.
    pub in_any_stage: usize,
    /// The page shown, from 1.
    pub page: usize,
    /// How many pages there are.
    pub pages: usize,
    /// The stages that occur among those, the most urgent first.
    pub stages: Vec<Count>,
    /// Whether the viewer may add accounts.
    pub may_add: bool,
    /// What else the viewer may do, for one who sees no account.
    pub system: SystemPrivileges,
    /// Whether roles of the viewer give access to groups.
    pub has_groups: bool,
    /// How many of the visible are wanted connected.
    pub wanted: usize,
    /// How many of those are starting.
    pub starting: usize,
}

/// How many accounts are in a stage.
#[derive(Clone, Debug)]
pub struct Count {
    /// The stage's name.
    pub name: &'static str,
    /// The stage's label.
    pub label: String,
    /// How urgent it is.
    pub severity: Severity,
    /// How many.
    pub count: usize,
}

impl View {
    /// What the viewer can do with the accounts of this page.
    pub fn actions(&self) -> Vec<ActionKind> {
        let any = |action: &ActionKind| self.rows.iter().any(|(_, may)| self.allows(*action, *may));
        ActionKind::iter().filter(any).collect()
    }

    fn allows(&self, action: ActionKind, may: AccountPrivileges) -> bool {
        action != ActionKind::Person
            && may.has(action.takes())
            && (!action.manages_access() || self.system.has(SystemPrivilege::ManageAccess))
    }

    /// Whether an account can be selected on which the viewer has these privileges.
    pub fn selects(&self, may: AccountPrivileges) -> bool {
        ActionKind::iter().any(|action| self.allows(action, may))
    }

    /// The positions of the first and the last row shown, from 1.
    pub fn range(&self) -> (usize, usize) {
        let before = self.page.saturating_sub(1) * PAGE;
        (before + 1, before + self.rows.len())
    }
}

/// Stages that wait for a person come first.
pub(super) const fn urgency(severity: Severity) -> u8 {
    match severity {
        Severity::Bad => 0,
        Severity::Waiting => 1,
        Severity::Moving => 2,
        Severity::Good => 3,
        Severity::Off => 4,
    }
}

/// Owners in the filter; others are found by searching.
const OWNERS: usize = 300;

/// What a viewer may filter by. Groups and owners of accounts that they can't see are left out.
#[derive(Debug, Default)]
pub struct Choices {
    /// Ids and names, by name.
    pub groups: Vec<(String, Arc<str>)>,
    /// Addresses; empty if there is only one.
    pub owners: Vec<String>,
}

/// What may be filtered by among accounts with these groups and owners.
pub fn choices<'a>(
    groups: impl Iterator<Item = &'a GroupId>,
    owners: impl Iterator<Item = &'a Email>,
    names: &GroupNames,
    query: &AccountsQuery,
) -> Choices {
    let named = |id: &GroupId| Some((id.to_string(), Arc::clone(names.get(id)?)));
    let mut groups: Vec<_> = groups.filter_map(named).collect();
    groups.sort_by_cached_key(|(_, name)| name.to_lowercase());
    let wanted = query.wanted_owner();
    let mut owners: Vec<String> = owners.take(OWNERS).map(ToString::to_string).collect();
    if !wanted.is_empty() && wanted != NO_OWNER && !owners.contains(&wanted) {
        owners.push(wanted);
    }
    if owners.len() < 2 && query.owner.is_empty() {
        owners.clear();
    }
    Choices { groups, owners }
}

/// A row of the table.
#[derive(Template)]
#[template(path = "parts/row.html")]
struct Row<'a> {
    entry: &'a Entry,
    may: AccountPrivileges,
    /// Whether it can be selected.
    selects: bool,
}

impl Row<'_> {
    fn snapshot(&self) -> &Snapshot {
        &self.entry.snapshot
    }

    /// The username of a bot, once it is known; else the number or the bot's id.
    fn name(&self) -> String {
        match self.bot_username() {
            Some(username) => format!("@{username}"),
            None => self.entry.account.identifier.to_string(),
        }
    }

    fn is_named_bot(&self) -> bool {
        self.bot_username().is_some()
    }

    fn bot_username(&self) -> Option<&str> {
        let profile = self.entry.snapshot.profile.as_ref();
        profile.filter(|_| self.entry.account.identifier.is_bot())?.username.as_deref()
    }

    /// What this viewer can do next, with a link to the dialog.
    fn next_step(&self) -> Option<&'static str> {
        let stage = &self.entry.snapshot.stage;
        let may = |privilege| self.may.has(privilege);
        let kind = self.entry.account.identifier.kind();
        match stage.inputs(kind).first() {
            Some(input) if may(AccountPrivilege::Login) => Some(words::enter(*input)),
            _ if may(AccountPrivilege::Login) && !stage.actions(kind).is_empty() => Some(words::LOG_IN),
            _ if may(AccountPrivilege::ManageConnectionState) && stage.can_connect() => Some(words::CONNECT),
            _ => None,
        }
    }

    fn problem(&self) -> Option<String> {
        self.entry.snapshot.problem.as_ref().map(refusals::problem)
    }

    fn has_connection_problems(&self) -> bool {
        !matches!(self.entry.snapshot.network, Network::Ready | Network::Off)
    }

    fn connection(&self) -> &'static str {
        connections::label(self.entry.snapshot.network)
    }

    fn is_being_removed(&self) -> bool {
        self.entry.account.wanted == DesiredState::Removed
    }

    fn label(&self) -> &str {
        stages::status(&self.entry.snapshot)
    }

    fn detail(&self) -> Option<&str> {
        stages::detail(&self.entry.snapshot.stage)
    }

    /// Since when the account is frozen, and when it will be deleted.
    fn frozen(&self) -> Option<String> {
        let frozen = self.entry.snapshot.frozen.as_ref().filter(|_| self.entry.snapshot.is_frozen());
        frozen.map(stages::frozen_dates)
    }

    fn meaning(&self) -> String {
        stages::status_meaning(&self.entry.snapshot, self.entry.account.identifier.kind())
    }
}

/// The content of an empty table.
#[derive(Template)]
#[template(path = "parts/empty.html")]
struct Empty<'a> {
    view: &'a View,
}

/// The body of the table.
pub fn body(cache: &RowCache, view: &View) -> String {
    if view.rows.is_empty() {
        return Empty { view }.render().unwrap_or_default();
    }
    let rows = view.rows.iter().filter_map(|(entry, may)| cache.row(entry, *may, view.selects(*may)).ok());
    rows.fold(String::new(), |all, row| all + &row)
}

/// Rendered rows: the newest of each account, for each set of privileges. A row depends on nothing else about its viewer.
#[derive(Debug, Default)]
pub struct RowCache(Mutex<HashMap<RowKey, (u64, Arc<str>)>>);

type RowKey = (AccountId, AccountPrivileges, bool);

impl RowCache {
    pub fn row(
        &self,
        entry: &Entry,
        may: AccountPrivileges,
        selects: bool,
    ) -> Result<Arc<str>, askama::Error> {
        let key = (entry.account.id, may, selects);
        if let Some((version, html)) = self.0.lock().get(&key)
            && *version == entry.version
        {
            return Ok(Arc::clone(html));
        }
        let html: Arc<str> = Row { entry, may, selects }.render()?.into();
        let mut rows = self.0.lock();
        if rows.len() >= CACHE {
            rows.clear();
        }
        rows.insert(key, (entry.version, Arc::clone(&html)));
        Ok(html)
    }
}
