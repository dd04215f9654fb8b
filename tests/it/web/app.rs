//! Telescope in this process, without TDLib, and visitors of its pages.

mod visitor;

pub use visitor::{Answer, Visitor, as_htmx, filled};

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::http::StatusCode;
use telescope::clock::Clock;
use telescope::config::{Config, Dsn};
use telescope::context::{App, Context};
use telescope::domain::privilege::{AccountPrivileges, SystemPrivileges};
use telescope::domain::{
    Account, AccountId, DesiredState, Email, GroupId, Identifier, Millis, Network, Phone, RoleId, Secret,
    Snapshot, Stage, StageToken,
};
use telescope::live::Live;
use telescope::live::accounts::Directory;
use telescope::ops::policy;
use telescope::store::{self, Db, StoreError};
use telescope::tasks::audit_relay;
use telescope::telegram::{HostSettings, Hosts, Hub, HubSettings, Observer};
use telescope::web;
use tokio_util::task::AbortOnDropHandle;

use crate::support::sqlite;

/// The administrator of every [`TestApp`].
pub const ADMIN: &str = "root@example.org";
/// The host name and port in requests.
pub const HOST: &str = "localhost:8888";

/// A hub whose td-host starts with the first account that connects, reads everything and never answers.
fn silent_hub(directory: &Arc<Directory>) -> Hub {
    let hosts =
        HostSettings { program: SILENT_HOST.clone(), library: "none".into(), count: 1, memory_limit: None };
    let settings = HubSettings {
        starts_at_once: 4,
        test_environment: true,
        api_id: 1,
        api_hash: Secret::new("none"),
        clock: Clock::System,
    };
    let directory = Arc::downgrade(directory);
    let publish = move |account, snapshot: Snapshot| {
        if let Some(directory) = directory.upgrade() {
            directory.put_snapshot(account, snapshot);
        }
    };
    let observer =
        Observer { snapshot: Box::new(publish), picture: Box::new(|_, _| {}), devices: Box::new(|_, _| {}) };
    Hub::new(settings, Hosts::new(hosts), observer).unwrap()
}

static SILENT_HOST: LazyLock<PathBuf> = LazyLock::new(|| {
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("silent-{}", std::process::id()));
    std::fs::write(&program, "#!/bin/sh\ncat >/dev/null\n").unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o700)).unwrap();
    program
});

/// The application and its router.
pub struct TestApp {
    /// The application, for changes that bypass the pages.
    pub app: Arc<App>,
    /// The router; all visitors share its state.
    pub router: Router,
    /// Announces new audit entries to open pages.
    _relay: AbortOnDropHandle<()>,
    _folder: tempfile::TempDir,
}

impl TestApp {
    /// A new instance with local settings.
    pub async fn new() -> Self {
        Self::with(&[]).await
    }

    /// A new instance with these settings.
    pub async fn with(settings: &[(&str, &str)]) -> Self {
        Self::with_clock(settings, Clock::System).await
    }

    /// A new instance with a clock that the test advances. It starts at the system's time, because cookies are dated by it.
    pub async fn with_its_own_time() -> Self {
        Self::with_clock(&[], Clock::manual(Clock::System.now())).await
    }

    /// A new instance with these settings and this clock.
    pub async fn with_clock(settings: &[(&str, &str)], clock: Clock) -> Self {
        Self::in_folder(tempfile::tempdir().unwrap(), settings, clock).await
    }

    /// Restarts with the same data and other settings.
    pub async fn again_with(self, settings: &[(&str, &str)]) -> Self {
        let clock = self.app.clock.clone();
        Self::in_folder(self._folder, settings, clock).await
    }

    async fn in_folder(folder: tempfile::TempDir, settings: &[(&str, &str)], clock: Clock) -> Self {
        let path = |name: &str| folder.path().join(name).display().to_string();
        let config = Config::from_env(|name| {
            let given = settings.iter().find(|(setting, _)| *setting == name);
            given.map(|(_, value)| (*value).to_owned()).or_else(|| match name {
                "TELEGRAM_ENVIRONMENT" => Some("test".into()),
                "SSO_MODE" => Some("mock".into()),
                "ADMIN_EMAILS" => Some(ADMIN.into()),
                "DATA_DIR" => Some(path("data")),
                "ACCOUNTS_DIR" => Some(path("accounts")),
                _ => None,
            })
        })
        .unwrap();
        let keys = Arc::new(config.storage.keys().unwrap());
        let db = Db::open(&config.storage.db).await.unwrap();
        store::access_seals::prepare(&db, &keys, clock.now()).await.unwrap();
        let live = Live::default();
        let hub = silent_hub(&live.accounts);
        let context = Context { config: Arc::new(config), db, keys, clock };
        let app = App::new(context, live, hub);
        let relay = AbortOnDropHandle::new(tokio::spawn(audit_relay::run(Arc::clone(&app))));
        let router = web::router(Arc::clone(&app));
        Self { app, router, _relay: relay, _folder: folder }
    }

    /// Adds an account with this owner and a phone number that ends in `number`.
    pub async fn account(&self, number: u16, owner: Option<&str>) -> AccountId {
        self.account_of(Phone::test(2, number).into(), owner).await
    }

    /// Adds an account of a number or a bot with this owner.
    pub async fn account_of(&self, identifier: Identifier, owner: Option<&str>) -> AccountId {
        let account = Account {
            id: AccountId::generate(),
            folder: format!("folder-{}", identifier.digits()),
            identifier,
            owner: owner.map(|address| Email::parse(address).unwrap()),
            comment: String::new(),
            groups: Vec::new(),
            wanted: DesiredState::Connected,
            created: Millis(0),
        };
        let inserted = async |conn: &mut store::Conn<'_>| -> Result<(), StoreError> {
            store::accounts::insert(conn, &account).await
        };
        self.app.db.maintain(inserted).await.unwrap();
        let id = account.id;
        self.app.live.accounts.put_account(account);
        id
    }

    /// Sets the stage of an account.
    pub fn set_stage(&self, id: AccountId, stage: Stage) {
        let snapshot = Snapshot { stage, token: StageToken(7), network: Network::Ready, ..Snapshot::off() };
        self.app.live.accounts.put_snapshot(id, snapshot);
    }

    /// Adds a group with these accounts.
    pub async fn group(&self, name: &str, accounts: &[AccountId]) -> GroupId {
        let id = GroupId::generate();
        let made = async |conn: &mut store::Conn<'_>| -> Result<(), StoreError> {
            store::groups::insert(conn, id, name).await?;
            for account in accounts {
                store::groups::put_in(conn, id, *account).await?;
            }
            Ok(())
        };
        self.app.db.maintain(made).await.unwrap();
        self.apply_policy().await;
        id
    }

    /// Adds a role with these privileges on the accounts in these groups, and these system privileges.
    pub async fn role(
        &self,
        name: &str,
        groups: &[(GroupId, AccountPrivileges)],
        system: SystemPrivileges,
    ) -> RoleId {
        let id = RoleId::generate();
        let made = async |conn: &mut store::Conn<'_>| -> Result<(), StoreError> {
            store::roles::insert(conn, id, name).await?;
            for (group, set) in groups {
                store::roles::set_cell(conn, *group, id, *set).await?;
            }
            store::roles::set_system(conn, id, system).await.map(drop)
        };
        self.app.db.maintain(made).await.unwrap();
        self.apply_policy().await;
        id
    }

    /// Gives a role to an address, which may be unknown so far.
    pub async fn give(&self, email: &str, role: RoleId) {
        let email = Email::parse(email).unwrap();
        let now = self.app.clock.now();
        let given = async |conn: &mut store::Conn<'_>| -> Result<(), StoreError> {
            let user = store::users::named(conn, &email, now).await?;
            store::roles::give(conn, role, user.id).await.map(drop)
        };
        self.app.db.maintain(given).await.unwrap();
        self.apply_policy().await;
    }

    /// Changes the database directly, as with `sqlite3`.
    pub async fn sql(&self, statement: &str) {
        let Dsn::Sqlite(file) = &self.app.config.storage.db else { panic!("not SQLite") };
        sqlite::tamper(file, statement).await;
    }

    /// The first column of what a question to the database gives.
    pub async fn rows(&self, question: &'static str) -> Vec<String> {
        let Dsn::Sqlite(file) = &self.app.config.storage.db else { panic!("not SQLite") };
        sqlite::rows(file, question).await
    }

    /// Does now what a running server does once a second: reloads the rules if they changed.
    pub async fn apply_policy(&self) {
        let version = self.app.db.ping().await.unwrap();
        policy::refresh_if_changed(&self.app, version).await;
        assert_eq!(self.app.live.policy.current().version(), version);
    }

    /// A person's row in the database.
    pub async fn user(&self, email: &str) -> store::users::User {
        let email = Email::parse(email).unwrap();
        let conn = &mut self.app.db.read().await.unwrap();
        store::users::by_email(conn, &email).await.unwrap().expect("the person is known")
    }

    fn origin(&self) -> Arc<str> {
        self.app.config.http.public_url.origin().into()
    }

    /// A visitor who has not signed in.
    pub fn anonymous(&self) -> Visitor {
        Visitor { router: self.router.clone(), origin: self.origin(), cookie: None }
    }

    /// A visitor who has signed in.
    pub async fn signed_in(&self, email: &str) -> Visitor {
        let answer = self.anonymous().post("/sign-in", &[("email", email)]).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        let cookie = answer.header("set-cookie").split(';').next().unwrap().to_owned();
        Visitor { router: self.router.clone(), origin: self.origin(), cookie: Some(cookie) }
    }
}
