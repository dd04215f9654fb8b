//! One account's page and dialog, live. Each part is sent when it has changed; the database is read only when it knows
//! something new of the account. A viewer who may not see the account any more keeps nothing of it, nor what stands in a
//! dialog.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use askama::Template;
use axum::response::Response;
use tokio::time::Instant;

use crate::domain::access::{self, Policy, PolicyVersion, Principal};
use crate::domain::job::JobKind;
use crate::domain::privilege::can;
use crate::domain::{AccountId, DesiredState};
use crate::live::accounts::Entry;
use crate::live::events::Change;
use crate::live::newest_entries::NewestEntries;
use crate::store;
use crate::web::auth::session::RequestSession;
use crate::web::extract::Path;
use crate::web::fragment::{self, partial};
use crate::web::pages::accounts::parts::Parts;
use crate::web::pages::accounts::stored::Stored;
use crate::web::paths;
use crate::web::state::{AppState, State};
use crate::web::stream::{LivePage, Position, Shown, Update, stream};
use crate::web::words::accounts as words;

/// What is due at a moment is rendered so much later, when it is over by every clock.
const MARGIN: Duration = Duration::from_millis(20);

/// For a viewer who may not see the account it does not exist, as on the page; that is checked with every
/// message.
pub async fn account(app: AppState, caller: RequestSession, Path(account): Path<AccountId>) -> Response {
    let page = AccountPage {
        account,
        shown: Shown::new(Position::default()),
        parts: None,
        stored: None,
        is_outdated: AtomicBool::new(true),
        newest: Arc::clone(&app.live.newest_entries),
        read_to: 0,
        policy: PolicyVersion::default(),
        was_leaving: false,
        is_gone: false,
        changes_at: None,
    };
    stream(app, caller, page).await
}

struct AccountPage {
    account: AccountId,
    shown: Shown,
    /// The parts that were sent; none if the browser may show others.
    parts: Option<Parts>,
    /// What the database said when it was last read.
    stored: Option<Stored>,
    /// Whether it may say something else by now.
    is_outdated: AtomicBool,
    newest: Arc<NewestEntries>,
    /// The account's newest audit entry when it was read.
    read_to: i64,
    /// The version of the policy then. Names of groups and their need for approval are part of it.
    policy: PolicyVersion,
    /// Whether the account was being removed when it was last seen.
    was_leaving: bool,
    /// Whether the browser was told that there is nothing to see.
    is_gone: bool,
    changes_at: Option<Instant>,
}

impl AccountPage {
    /// What has to be sent of an account that the viewer may see.
    async fn changed(
        &mut self,
        state: &State,
        policy: &Policy,
        viewer: &Principal,
        entry: &Entry,
    ) -> askama::Result<String> {
        self.was_leaving = entry.account.wanted == DesiredState::Removed;
        self.is_gone = false;
        let version = policy.version();
        let is_outdated = self.is_outdated.load(Ordering::Relaxed) || version != self.policy;
        if is_outdated || self.newest.of(self.account) > self.read_to {
            self.read(state, entry, version).await;
        }
        let parts = Parts::of(state, policy, viewer, entry, self.stored.as_ref())?;
        let now = state.clock.now();
        let wait = parts.changes_at.map(|at| u64::try_from(at.0 - now.0).unwrap_or_default());
        self.changes_at = wait.map(|wait| Instant::now() + Duration::from_millis(wait) + MARGIN);
        let mut html = String::new();
        let sent = self.parts.as_ref().map(|parts| parts.with_places());
        for (place, part) in parts.with_places() {
            if !sent.is_some_and(|sent| sent.contains(&(place, part))) {
                html.push_str(&partial(place, "outerMorph", part));
            }
        }
        self.parts = Some(parts);
        Ok(html)
    }

    /// Reads what the database knows. While it is unavailable the page keeps what it has.
    async fn read(&mut self, state: &State, entry: &Entry, policy: PolicyVersion) {
        if state.db.is_away() {
            return;
        }
        // Before it is read: what is noted meanwhile makes it outdated again.
        let read_to = self.newest.of(self.account);
        self.is_outdated.store(false, Ordering::Relaxed);
        match Stored::read(state, entry).await {
            Ok(stored) => {
                self.stored = Some(stored);
                self.read_to = read_to;
                self.policy = policy;
            }
            Err(_) => self.is_outdated.store(true, Ordering::Relaxed),
        }
    }

    /// What is left of an account that the viewer may not see any more.
    async fn gone(&mut self, state: &State, viewer: &Principal) -> askama::Result<String> {
        if std::mem::replace(&mut self.is_gone, true) {
            return Ok(String::new());
        }
        let was_seen = self.parts.take().is_some();
        self.changes_at = None;
        let is_removed = self.was_leaving && state.live.accounts.get(self.account).is_none();
        let gone = Gone { is_removed }.render()?;
        let mut html = partial("#whole", "innerHTML", &gone) + &partial("#dialog-body", "innerHTML", &gone);
        if is_removed && was_seen && self.removed_by(state, viewer).await {
            html.push_str(&fragment::toast("good", words::REMOVED));
        }
        Ok(html)
    }

    /// Whether this viewer removed the account.
    async fn removed_by(&self, state: &State, viewer: &Principal) -> bool {
        let Ok(mut conn) = state.db.read().await else { return false };
        let job = store::jobs::about(&mut conn, JobKind::RemoveAccount, &self.account.to_string()).await;
        matches!(job, Ok(Some(job)) if job.actor == viewer.to_string())
    }
}

impl LivePage for AccountPage {
    fn concerns(&self, change: Change) -> bool {
        match change {
            Change::Account(id) | Change::Devices(id) => id == self.account,
            Change::StoredPassword(id) => {
                // Not all that becomes of a stored password is in the audit log.
                self.is_outdated.fetch_or(id == self.account, Ordering::Relaxed);
                id == self.account
            }
            Change::Audit => self.newest.of(self.account) > self.read_to,
            Change::Policy | Change::Approvals | Change::Proxies | Change::Health | Change::Everything => {
                true
            }
            Change::Jobs | Change::Invites | Change::User(_) | Change::SessionEnded(_) => false,
        }
    }

    async fn render(&mut self, state: &AppState, principal: &Principal) -> Update {
        let (policy, accounts) = state.live.policy_and_accounts();
        let entry = accounts.get(self.account).cloned();
        let entry = entry.filter(|it| access::decide::<can::View>(&policy, principal, &it.account).is_ok());
        let html = match entry {
            Some(entry) => self.changed(state, &policy, principal, &entry).await,
            None => self.gone(state, principal).await,
        };
        match html {
            Ok(html) if !html.is_empty() => Update::replace(state, &mut self.shown, &html, str::to_owned),
            Ok(_) | Err(_) => Update::Nothing,
        }
    }

    fn deadline(&self) -> Option<Instant> {
        self.changes_at
    }
}

/// What replaces an account that the viewer may no longer see.
#[derive(Template)]
#[template(path = "parts/gone.html")]
struct Gone {
    /// Whether they saw it being removed.
    is_removed: bool,
}
