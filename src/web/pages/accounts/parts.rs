//! The parts of an account's page. Each is live: the page and its stream render the same parts, so that what is open
//! never says something else than what is loaded.

use askama::Template;

use crate::domain::access::{Policy, Principal, privileges, system_privileges};
use crate::domain::account::Profile;
use crate::domain::privilege::{AccountPrivilege, AccountPrivileges, SystemPrivilege};
use crate::domain::reveal::{RequestState, RevealKind, RevealRequest};
use crate::domain::{DesiredState, Input, Millis, Network, Snapshot, Stage};
use crate::live::accounts::Entry;
use crate::live::approvals::is_own;
use crate::ops::accounts::was_never_logged_in;
use crate::web::login::step::Step;
use crate::web::pages::accounts::stored::Stored;
use crate::web::pages::devices::section::DeviceSection;
use crate::web::paths;
use crate::web::state::State;
use crate::web::words::moments::{Moment, moment};
use crate::web::words::{connections, proxies, reveals};

/// The parts as HTML, and when they look different although nothing has happened.
pub(super) struct Parts {
    pub(super) heading: String,
    pub(super) step: String,
    pub(super) actions: String,
    pub(super) facts: String,
    pub(super) devices: String,
    pub(super) stored: String,
    pub(super) history: String,
    pub(super) changes_at: Option<Millis>,
}

impl Parts {
    /// What this reader sees of an account that they may view. `stored` is none while the database is unavailable.
    pub(super) fn of(
        app: &State,
        policy: &Policy,
        reader: &Principal,
        entry: &Entry,
        stored: Option<&Stored>,
    ) -> askama::Result<Self> {
        let may = privileges(policy, reader, &entry.account);
        let system = system_privileges(policy, reader);
        let may_edit = system.has(SystemPrivilege::ManageAccess);
        let may_correct_number = may.has(AccountPrivilege::Login)
            && system.has(SystemPrivilege::AddAccount)
            && was_never_logged_in(entry);
        let now = app.clock.now();
        let step = Step::new(entry, may, stored.map(|stored| &stored.codes), now);
        let requests = open_requests(app, reader, entry, now);
        let ends = requests.iter().map(|it| it.0.expires).min();
        let devices = DeviceSection::of(app, may, entry, now);
        let changes_at = [step.changes_at(), ends, devices.changes_at()].into_iter().flatten().min();
        Ok(Self {
            heading: Heading { entry }.render()?,
            step: step.render()?,
            actions: Actions { entry, may, may_edit, may_correct_number, stored, requests, now }.render()?,
            facts: Facts { entry, proxy: proxies::of_account(app, entry) }.render()?,
            devices: devices.render()?,
            stored: StoredFacts { stored, is_bot: entry.account.identifier.is_bot(), now }.render()?,
            history: History { stored }.render()?,
            changes_at,
        })
    }

    /// Each part with the place that it belongs to.
    pub(super) fn with_places(&self) -> [(&'static str, &str); 7] {
        [
            ("#heading", &self.heading),
            ("#step", &self.step),
            ("#actions", &self.actions),
            ("#facts", &self.facts),
            ("#devices", &self.devices),
            ("#stored", &self.stored),
            ("#account-history", &self.history),
        ]
    }
}

/// Whose account it is.
#[derive(Template)]
#[template(path = "parts/account_heading.html")]
struct Heading<'a> {
    entry: &'a Entry,
}

impl Heading<'_> {
    /// Where the user's picture is. Its address changes with it, so that open pages load the new one.
    fn picture(&self) -> Option<String> {
        let photo = self.entry.picture?;
        Some(paths::with_query(&paths::account_picture(self.entry.account.id), [("v", photo.to_string())]))
    }

    /// What stands in for a picture; empty if the name has no letter.
    fn initials(&self) -> String {
        self.profile().map(|profile| initials(&profile.name)).unwrap_or_default()
    }

    /// The account's user, if they have a name.
    fn profile(&self) -> Option<&Profile> {
        self.entry.snapshot.profile.as_ref().filter(|profile| !profile.name.trim().is_empty())
    }
}

/// The first letters of the first and the last word that have one.
fn initials(name: &str) -> String {
    let letter = |word: &str| word.chars().find(|letter| letter.is_alphabetic());
    let mut letters = name.split_whitespace().filter_map(letter);
    let first = letters.next();
    let last = letters.next_back();
    first.into_iter().chain(last).flat_map(|letter| letter.to_uppercase().next()).collect()
}

/// A request of the reader to see a secret of the account, which is still of use.
struct OpenRequest(RevealRequest);

impl OpenRequest {
    fn secret(&self) -> &'static str {
        reveals::secret(self.0.kind).label
    }

    fn is_approved(&self) -> bool {
        self.0.state == RequestState::Approved
    }

    fn expires(&self) -> Moment {
        moment(self.0.expires)
    }

    fn url(&self) -> String {
        match self.0.kind {
            RevealKind::LoginCode => paths::code(self.0.account),
            RevealKind::TwoStepPassword => paths::reveal_password(self.0.account),
            RevealKind::DeviceLogin => paths::device_login(self.0.account),
        }
    }
}

fn open_requests(app: &State, reader: &Principal, entry: &Entry, now: Millis) -> Vec<OpenRequest> {
    let all = app.live.approvals.load();
    let is_open = |request: &&RevealRequest| {
        request.account == entry.account.id
            && is_own(request, reader)
            && matches!(request.state_at(now), RequestState::Waiting | RequestState::Approved)
    };
    all.recent.iter().filter(is_open).cloned().map(OpenRequest).collect()
}

/// What the reader can do with the account now.
#[derive(Template)]
#[template(path = "parts/account_actions.html")]
struct Actions<'a> {
    entry: &'a Entry,
    may: AccountPrivileges,
    may_edit: bool,
    may_correct_number: bool,
    stored: Option<&'a Stored>,
    requests: Vec<OpenRequest>,
    now: Millis,
}

impl Actions<'_> {
    /// Only an account that is logged in receives codes, and can log devices in.
    fn shows_code(&self) -> bool {
        let is_ready = self.entry.snapshot.stage == Stage::Ready;
        self.may.has(AccountPrivilege::Login) && is_ready && !self.is_bot()
    }

    fn has_password(&self) -> bool {
        !self.is_bot() && self.stored.is_some_and(|stored| stored.has_password)
    }

    fn shows_password(&self) -> bool {
        self.may.has(AccountPrivilege::ViewTwoFactorPassword) && self.has_password()
    }

    fn may_store_password(&self) -> bool {
        self.may.has(AccountPrivilege::EditTwoFactorPassword) && !self.is_bot()
    }

    fn is_bot(&self) -> bool {
        self.entry.account.identifier.is_bot()
    }

    /// Whether the bot can be logged in with its stored token.
    fn uses_token(&self) -> bool {
        let Snapshot { stage, busy, .. } = &self.entry.snapshot;
        let waits = !busy && stage.waits_for(Input::BotToken, self.entry.account.identifier.kind());
        waits
            && self.may.has(AccountPrivilege::Login)
            && self.stored.is_some_and(|stored| stored.can_use_token)
    }

    fn removes_token(&self) -> bool {
        self.may.has(AccountPrivilege::Login) && self.stored.is_some_and(|stored| stored.has_token)
    }

    /// Whether the codes of the day are used up, and more can be allowed.
    fn allows_codes(&self) -> bool {
        let used_up = self.stored.is_some_and(|stored| stored.codes.next_at(self.now).is_some());
        self.may_edit && self.may.has(AccountPrivilege::Login) && used_up
    }

    fn disconnects(&self) -> bool {
        self.may.has(AccountPrivilege::ManageConnectionState)
            && self.entry.snapshot.stage != Stage::Disconnected
    }

    fn may_remove(&self) -> bool {
        self.may.has(AccountPrivilege::RemoveAccount) && self.entry.account.wanted != DesiredState::Removed
    }

    fn logs_out(&self) -> bool {
        self.may_remove() && self.entry.snapshot.stage.can_log_out()
    }
}

/// What is known of the account.
#[derive(Template)]
#[template(path = "parts/facts.html")]
struct Facts<'a> {
    entry: &'a Entry,
    /// The selected proxy, and why it can't be used.
    proxy: Option<String>,
}

impl Facts<'_> {
    fn added(&self) -> Moment {
        moment(self.entry.account.created)
    }

    fn connection(&self) -> &'static str {
        connections::label(self.entry.snapshot.network)
    }

    /// Since when the account has been connecting to its proxy.
    fn failing_since(&self) -> Option<Moment> {
        let Snapshot { network, network_since, .. } = self.entry.snapshot;
        network_since.filter(|_| network == Network::ConnectingToProxy).map(moment)
    }
}

/// What the database knows of it beside that.
#[derive(Template)]
#[template(path = "parts/account_stored.html")]
struct StoredFacts<'a> {
    stored: Option<&'a Stored>,
    is_bot: bool,
    now: Millis,
}

/// What was done with it.
#[derive(Template)]
#[template(path = "parts/account_history.html")]
struct History<'a> {
    stored: Option<&'a Stored>,
}
