//! `/devices`: the devices of all accounts whose sessions the reader manages, as Telegram last listed them.

use std::cmp::Ordering;
use std::sync::Arc;

use askama::Template;
use axum::response::Response;
use axum_extra::extract::Query;

use crate::domain::Device;
use crate::domain::access::{Policy, Principal, privileges};
use crate::domain::privilege::AccountPrivilege;
use crate::domain::search::{Search, fold};
use crate::live::accounts::Entry;
use crate::web::auth::session::CurrentUser;
use crate::web::error::AppError;
use crate::web::layout::{Layout, html};
use crate::web::pages::devices::query::{Column, DevicesQuery, Kind};
use crate::web::paths;
use crate::web::state::{AppState, State};
use crate::web::words::devices as words;
use crate::web::words::moments::{Moment, ago, moment};

/// Devices on a page.
const PAGE: usize = 100;

#[derive(Template)]
#[template(path = "pages/devices/list.html")]
struct DevicesPage {
    layout: Layout,
    query: DevicesQuery,
    chips: Vec<Chip>,
    rows: Vec<Row>,
    view: View,
}

/// Which part of the list is shown.
struct View {
    matching: usize,
    page: usize,
    pages: usize,
    /// Accounts whose sessions the reader manages.
    accounts: usize,
}

impl View {
    fn range(&self) -> (usize, usize) {
        let start = (self.page - 1) * PAGE;
        ((start + 1).min(self.matching), (start + PAGE).min(self.matching))
    }
}

struct Chip {
    url: String,
    label: &'static str,
    count: usize,
    is_current: bool,
}

/// A device and its account.
struct Row {
    entry: Arc<Entry>,
    device: Device,
}

impl Row {
    fn signed_in(&self) -> Moment {
        moment(self.device.signed_in)
    }

    fn last_active(&self) -> Moment {
        ago(self.device.last_active)
    }

    fn texts(&self) -> [&str; 8] {
        let Device { model, system, app, address, place, .. } = &self.device;
        let account = &self.entry.account;
        let name = self.entry.snapshot.profile.as_ref().map_or("", |profile| profile.name.as_str());
        let owner = account.owner.as_ref().map_or("", |owner| owner.as_str());
        [model, system, app, address, place, name, owner, &account.comment]
    }
}

pub async fn list(
    app: AppState,
    CurrentUser(actor): CurrentUser,
    Query(query): Query<DevicesQuery>,
) -> Result<Response, AppError> {
    let (policy, accounts) = app.live.policy_and_accounts();
    let managed = accounts.iter().filter(|entry| is_managed(&policy, &actor, entry));
    let managed: Vec<&Arc<Entry>> = managed.collect();
    let search = Search::new(&query.q);
    let found = managed.iter().flat_map(|entry| rows(&app, entry));
    let found = found.filter(|row| search.finds(&row.entry.account.identifier.digits(), row.texts()));
    let found: Vec<Row> = found.collect();
    let chips = chips(&query, &found);
    let wanted = found.into_iter().filter(|row| query.kind().is_none_or(|kind| kind.includes(&row.device)));
    let mut rows: Vec<Row> = wanted.collect();
    let (column, is_descending) = query.order();
    rows.sort_by(|one, other| {
        let order = compare(column, one, other);
        if is_descending { order.reverse() } else { order }
    });
    let pages = rows.len().div_ceil(PAGE).max(1);
    let page = query.page.unwrap_or(1).clamp(1, pages);
    let view = View { matching: rows.len(), page, pages, accounts: managed.len() };
    let rows = rows.into_iter().skip((page - 1) * PAGE).take(PAGE).collect();
    html(&DevicesPage { layout: Layout::of(&app, &actor), query, chips, rows, view })
}

/// Whether the account has devices that the reader manages.
fn is_managed(policy: &Policy, reader: &Principal, entry: &Entry) -> bool {
    !entry.account.identifier.is_bot()
        && privileges(policy, reader, &entry.account).has(AccountPrivilege::ManageSessions)
}

/// Whether there is an account whose devices this reader manages.
pub(in crate::web::pages) fn has_any(app: &State, reader: &Principal) -> bool {
    let (policy, accounts) = app.live.policy_and_accounts();
    accounts.iter().any(|entry| is_managed(&policy, reader, entry))
}

fn rows(app: &State, entry: &Arc<Entry>) -> Vec<Row> {
    let list = app.live.devices.get(entry.account.id);
    let row = |device: &Device| Row { entry: Arc::clone(entry), device: device.clone() };
    list.iter().flat_map(|list| list.others()).map(row).collect()
}

fn chips(query: &DevicesQuery, found: &[Row]) -> Vec<Chip> {
    let chip = |kind: Option<Kind>| Chip {
        url: query.with_kind(kind.map_or("", Kind::name)),
        label: words::kind(kind),
        count: found.iter().filter(|row| kind.is_none_or(|kind| kind.includes(&row.device))).count(),
        is_current: query.kind() == kind,
    };
    std::iter::once(None).chain(Kind::ALL.map(Some)).map(chip).collect()
}

fn compare(column: Column, one: &Row, other: &Row) -> Ordering {
    let by = |key: fn(&Row) -> String| key(one).cmp(&key(other));
    let order = match column {
        Column::Account => by(|row| row.entry.account.identifier.digits().into_owned()),
        Column::Device => by(|row| fold(row.device.name())),
        Column::Place => by(|row| fold(&row.device.place)),
        Column::SignedIn => one.device.signed_in.cmp(&other.device.signed_in),
        Column::LastActive => one.device.last_active.cmp(&other.device.last_active),
    };
    order.then_with(|| one.device.id.cmp(&other.device.id))
}
