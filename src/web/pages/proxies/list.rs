//! `/proxies`: every proxy with its use and its state, and the default.

use std::collections::{HashMap, HashSet};

use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::{Form, Query};
use serde::Deserialize;

use crate::domain::access::{Principal, system_privileges};
use crate::domain::privilege::{SystemPrivilege, can};
use crate::domain::proxy::{KnownProxy, ProxyChoice, ProxyFault};
use crate::domain::{AccountId, Millis, Network, ProxyId};
use crate::live::proxies::ProxyTest;
use crate::ops::{self, OpError};
use crate::web::error::AppError;
use crate::web::extract::{May, Path};
use crate::web::form::rejection;
use crate::web::layout::{Layout, html_with};
use crate::web::pages::access::notice::{self, Notice, NoticeQuery};
use crate::web::paths;
use crate::web::state::{AppState, State};
use crate::web::stream::position;
use crate::web::words::moments::{Moment, moment};
use crate::web::words::proxies as words;

#[derive(Template)]
#[template(path = "pages/proxies/list.html")]
struct ProxiesPage {
    layout: Layout,
    tab: &'static str,
    done: Option<&'static str>,
    error: Option<String>,
    list: String,
    /// The address of the stream.
    events: String,
    proxies: Vec<KnownProxy>,
    /// The default when the page was made.
    default: String,
    has_setting: bool,
}

/// The list, which the live stream sends too.
#[derive(Template)]
#[template(path = "parts/proxies.html")]
struct ProxyList {
    rows: Vec<ProxyRow>,
    has_setting: bool,
}

/// A proxy and the accounts that use it.
struct ProxyRow {
    proxy: KnownProxy,
    uses: Uses,
    test: Option<ProxyTest>,
}

/// The accounts that use a proxy.
#[derive(Clone, Copy, Default)]
struct Uses {
    accounts: usize,
    connected: usize,
    /// The earliest moment since when one of them could not connect to it.
    failing_since: Option<Millis>,
}

impl ProxyRow {
    fn kind(&self) -> &'static str {
        self.proxy.config.as_ref().map_or("", |config| words::kind(config.kind))
    }

    fn address(&self) -> String {
        self.proxy.config.as_ref().map(crate::domain::ProxyConfig::address).unwrap_or_default()
    }

    /// Since when none of its accounts could connect to it.
    fn since(&self) -> Option<Moment> {
        self.uses.failing_since.filter(|_| self.uses.connected == 0).map(moment)
    }

    fn tested(&self) -> Option<String> {
        let is_mtproto = self.proxy.config.as_ref().is_some_and(words::is_mtproto);
        self.test.map(|test| words::tested(test.result, is_mtproto))
    }

    fn has_passed(&self) -> bool {
        self.test.is_some_and(|test| test.result.is_ok())
    }

    fn tested_at(&self) -> Moment {
        moment(self.test.map_or(Millis(0), |test| test.at))
    }
}

pub async fn list(
    app: AppState,
    may: May<can::ManageAccess>,
    Query(notice): Query<NoticeQuery>,
) -> Result<Response, AppError> {
    page(&app, &may, StatusCode::OK, notice.message(), None)
}

fn page(
    app: &State,
    may: &May<can::ManageAccess>,
    status: StatusCode,
    done: Option<&'static str>,
    error: Option<String>,
) -> Result<Response, AppError> {
    let plan = app.live.proxies.plan();
    let (list, _) = rendered(app, &may.actor)?;
    let page = ProxiesPage {
        layout: Layout::of(app, &may.actor),
        tab: "proxies",
        done,
        error,
        events: position::events_url(app, paths::PROXIES_EVENTS, position::hash(&list)),
        list,
        default: plan.choices.default.map(|id| id.to_string()).unwrap_or_default(),
        proxies: plan.proxies.clone(),
        has_setting: app.config.telegram.proxy.is_some(),
    };
    html_with(status, &page)
}

/// The list, and the accounts that use a proxy; empty for a viewer who may not see it.
pub(super) fn rendered(app: &State, viewer: &Principal) -> askama::Result<(String, HashSet<AccountId>)> {
    if !system_privileges(&app.live.policy.current(), viewer).has(SystemPrivilege::ManageAccess) {
        return Ok(Default::default());
    }
    let plan = app.live.proxies.plan();
    let (mut uses, mut accounts) = (HashMap::<ProxyId, Uses>::new(), HashSet::new());
    for entry in app.live.accounts.listing().iter() {
        if let Some(ProxyChoice::Proxy(id)) = plan.choices.of(entry.account.id, &entry.account.groups).choice
        {
            accounts.insert(entry.account.id);
            uses.entry(id).or_default().count(entry.snapshot.network, entry.snapshot.network_since);
        }
    }
    let row = |proxy: &KnownProxy| ProxyRow {
        proxy: proxy.clone(),
        uses: uses.get(&proxy.id).copied().unwrap_or_default(),
        test: app.live.proxies.test(proxy.id),
    };
    let rows = plan.proxies.iter().map(row).collect();
    let has_setting = app.config.telegram.proxy.is_some();
    Ok((ProxyList { rows, has_setting }.render()?, accounts))
}

impl Uses {
    fn count(&mut self, network: Network, since: Option<Millis>) {
        self.accounts += 1;
        match network {
            Network::Ready | Network::Updating => self.connected += 1,
            Network::ConnectingToProxy | Network::Waiting => {
                self.failing_since = [self.failing_since, since].into_iter().flatten().min();
            }
            Network::Off | Network::Connecting => {}
        }
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct DefaultForm {
    /// The id; empty for none.
    proxy: String,
    /// What it was when the form was made.
    was: String,
}

/// Selects the default.
pub async fn select_default(
    app: AppState,
    may: May<can::ManageAccess>,
    Form(form): Form<DefaultForm>,
) -> Result<Response, AppError> {
    let id = |text: &str| match text {
        "" => Ok(None),
        id => id.parse::<ProxyId>().map(Some).map_err(|_| OpError::invalid("proxy", ProxyFault::Gone)),
    };
    let selected = match (id(&form.proxy), id(&form.was)) {
        (Ok(proxy), Ok(was)) => ops::proxies::select_default(&app, may.grant(), proxy, was).await,
        (Err(error), _) | (_, Err(error)) => Err(error),
    };
    match selected {
        Ok(()) => Ok(Redirect::to(&notice::url(paths::PROXIES, Notice::Saved)).into_response()),
        Err(error) => refused(&app, &may, error),
    }
}

/// Tests a stored proxy. Its row shows the result.
pub async fn test(
    app: AppState,
    may: May<can::ManageAccess>,
    Path(id): Path<ProxyId>,
) -> Result<Response, AppError> {
    match ops::proxies::test_stored(&app, &may.grant(), id).await {
        Ok(_) => Ok(Redirect::to(paths::PROXIES).into_response()),
        Err(error) => refused(&app, &may, error),
    }
}

fn refused(app: &State, may: &May<can::ManageAccess>, error: OpError) -> Result<Response, AppError> {
    let (status, error) = rejection(error)?;
    page(app, may, status, None, Some(error.message))
}
