//! `/proxies/{proxy}/remove`: asks, and removes a proxy. One that is selected says where.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};

use super::form::stored;
use crate::domain::access::decide;
use crate::domain::privilege::can;
use crate::domain::proxy::{KnownProxy, ProxyChoice, ProxyFault};
use crate::domain::{AccountId, GroupId, ProxyId};
use crate::ops;
use crate::web::error::AppError;
use crate::web::extract::{May, Path};
use crate::web::form::rejection;
use crate::web::layout::{Layout, html_with};
use crate::web::pages::access::notice::{self, Notice};
use crate::web::paths;
use crate::web::state::{AppState, State};
use crate::words::proxies::fault;

#[derive(Template)]
#[template(path = "pages/proxies/remove.html")]
struct RemovePage {
    layout: Layout,
    proxy: KnownProxy,
    error: Option<String>,
    /// What it is selected for; none if it can be removed.
    in_use: Option<String>,
    groups: Vec<(GroupId, String)>,
    /// Those that the reader may see, with their numbers.
    accounts: Vec<(AccountId, String)>,
    hidden_accounts: usize,
}

fn page(app: &State, may: &May<can::ManageAccess>, id: ProxyId) -> Result<RemovePage, AppError> {
    let (proxy, plan) = (stored(app, id)?, app.live.proxies.plan());
    let this = |choice: &ProxyChoice| *choice == ProxyChoice::Proxy(id);
    let names = app.live.accounts.groups();
    let groups = plan.choices.groups.iter().filter(|(_, choice)| this(choice));
    let mut groups: Vec<_> = groups
        .map(|(group, _)| (*group, names.get(group).map(|name| name.to_string()).unwrap_or_default()))
        .collect();
    groups.sort_by(|(_, one), (_, other)| one.cmp(other));
    let selected: Vec<_> = plan
        .choices
        .accounts
        .iter()
        .filter(|(_, choice)| this(choice))
        .map(|(account, _)| *account)
        .collect();
    let policy = app.live.policy.current();
    let entries = selected.iter().filter_map(|account| app.live.accounts.get(*account));
    let seen = entries.filter(|entry| decide::<can::View>(&policy, &may.actor, &entry.account).is_ok());
    let mut accounts: Vec<_> = seen.map(|entry| (entry.account.id, entry.label())).collect();
    accounts.sort_by(|(_, one), (_, other)| one.cmp(other));
    let is_used = proxy.is_default || !groups.is_empty() || !selected.is_empty();
    let uses =
        ProxyFault::InUse { accounts: selected.len(), groups: groups.len(), is_default: proxy.is_default };
    Ok(RemovePage {
        layout: Layout::of(app, &may.actor),
        proxy,
        error: None,
        in_use: is_used.then(|| fault(&uses)),
        groups,
        hidden_accounts: selected.len() - accounts.len(),
        accounts,
    })
}

pub async fn ask(
    app: AppState,
    may: May<can::ManageAccess>,
    Path(id): Path<ProxyId>,
) -> Result<Response, AppError> {
    html_with(StatusCode::OK, &page(&app, &may, id)?)
}

pub async fn remove(
    app: AppState,
    may: May<can::ManageAccess>,
    Path(id): Path<ProxyId>,
) -> Result<Response, AppError> {
    match ops::proxies::remove(&app, may.grant(), id).await {
        Ok(()) => Ok(Redirect::to(&notice::url(paths::PROXIES, Notice::Deleted)).into_response()),
        Err(error) => {
            let (status, error) = rejection(error)?;
            let page = page(&app, &may, id)?;
            // The page says itself what it is selected for.
            let error = Some(error.message).filter(|message| page.in_use.as_ref() != Some(message));
            html_with(status, &RemovePage { error, ..page })
        }
    }
}
