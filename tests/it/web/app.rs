//! Telescope in this process, without TDLib, and visitors of its pages.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::body::{Body, BodyDataStream, to_bytes};
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use axum::response::Response;
use scraper::{Html, Selector};
use telescope::clock::Clock;
use telescope::config::{Config, Dsn};
use telescope::context::{App, Context};
use telescope::domain::privilege::{AccountPrivileges, SystemPrivileges};
use telescope::domain::{
    Account, AccountId, DesiredState, Email, GroupId, Millis, Network, Phone, RoleId, Secret, Snapshot,
    Stage, StageToken,
};
use telescope::live::Live;
use telescope::live::accounts::Directory;
use telescope::ops::policy;
use telescope::store::{self, Db, StoreError};
use telescope::tasks::audit_relay;
use telescope::telegram::{HostSettings, Hosts, Hub, HubSettings, Observer};
use telescope::web;
use tokio_util::task::AbortOnDropHandle;
use tower::ServiceExt;

use crate::support::edit_form::{self, Filled};
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
        proxy: None,
        clock: Clock::System,
    };
    let directory = Arc::downgrade(directory);
    let publish = move |account, snapshot: Snapshot| {
        if let Some(directory) = directory.upgrade() {
            directory.put_snapshot(account, snapshot);
        }
    };
    let observer = Observer { snapshot: Box::new(publish), picture: Box::new(|_, _| {}) };
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
        let account = Account {
            id: AccountId::generate(),
            phone: Phone::test(2, number),
            owner: owner.map(|address| Email::parse(address).unwrap()),
            comment: String::new(),
            groups: Vec::new(),
            wanted: DesiredState::Connected,
            folder: format!("folder-{number}"),
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
    pub fn stands(&self, id: AccountId, stage: Stage) {
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

/// A browser with its cookie.
#[derive(Clone)]
pub struct Visitor {
    router: Router,
    /// Of the pages that it sees.
    origin: Arc<str>,
    cookie: Option<String>,
}

impl Visitor {
    /// A request with a browser's headers, which the test can change.
    pub fn request(&self, method: Method, path: &str) -> axum::http::request::Builder {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, HOST)
            .header(header::ORIGIN, &*self.origin)
            .header("sec-fetch-site", "same-origin");
        if let Some(cookie) = &self.cookie {
            request = request.header(header::COOKIE, cookie);
        }
        request
    }

    /// The same browser after an answer that may have given it other cookies, or taken some away.
    pub fn after(&self, answer: &Answer) -> Self {
        let name = |cookie: &str| cookie.split('=').next().unwrap().to_owned();
        let mut jar: Vec<String> = self.cookie().split("; ").map(str::to_owned).collect();
        for given in answer.headers.get_all(header::SET_COOKIE) {
            let given = given.to_str().unwrap();
            let cookie = given.split(';').next().unwrap();
            jar.retain(|kept| name(kept) != name(cookie));
            if !given.contains("Max-Age=0") {
                jar.push(cookie.to_owned());
            }
        }
        jar.retain(|cookie| !cookie.is_empty());
        Self { cookie: (!jar.is_empty()).then(|| jar.join("; ")), ..self.clone() }
    }

    /// Its cookie.
    pub fn cookie(&self) -> &str {
        self.cookie.as_deref().unwrap_or_default()
    }

    /// Sends a request and reads the whole answer.
    pub async fn send(&self, request: Request<Body>) -> Answer {
        Answer::of(self.answer(request).await).await
    }

    /// Sends a request without reading the answer's body.
    pub async fn answer(&self, request: Request<Body>) -> Response {
        self.router.clone().oneshot(request).await.unwrap()
    }

    /// The status of an answer whose body may be endless.
    pub async fn status(&self, request: Request<Body>) -> StatusCode {
        self.answer(request).await.status()
    }

    /// Opens a page.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path).body(Body::empty()).unwrap()).await
    }

    /// Loads a fragment like htmx.
    pub async fn fragment(&self, path: &str) -> Answer {
        let request = as_htmx(self.request(Method::GET, path));
        self.send(request.body(Body::empty()).unwrap()).await
    }

    /// Sends a form.
    pub async fn post(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        self.send(filled(self.request(Method::POST, path), form)).await
    }

    /// Edits an account with its form, see [`edit_form::filled`].
    pub async fn edit(&self, account: AccountId, values: &[(&str, &str)]) -> Answer {
        let path = format!("/accounts/{account}/edit");
        loop {
            let Filled { fields, unfinished } = edit_form::filled(&self.get(&path).await.body, values);
            let fields: Vec<(&str, &str)> =
                fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
            let answer = self.post(&path, &fields).await;
            if !unfinished || answer.status != StatusCode::SEE_OTHER {
                return answer;
            }
        }
    }

    /// Sends a form, as htmx does.
    pub async fn post_fragment(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        self.send(filled(as_htmx(self.request(Method::POST, path)), form)).await
    }

    /// The value of one of its cookies.
    pub fn cookie_named(&self, name: &str) -> Option<&str> {
        self.cookie().split("; ").find_map(|cookie| cookie.strip_prefix(name)?.strip_prefix('='))
    }

    /// Opens a live stream.
    pub async fn stream(&self, path: &str) -> BodyDataStream {
        match self.try_stream(path).await {
            Ok(stream) => stream,
            Err(answer) => panic!("{path}: {} {}", answer.status, answer.body),
        }
    }

    /// The same browser with another cookie.
    pub fn with_cookie(&self, cookie: &str) -> Self {
        Self { cookie: Some(cookie.to_owned()), ..self.clone() }
    }

    /// Opens a live stream with this request.
    pub async fn stream_of(&self, request: axum::http::request::Builder) -> BodyDataStream {
        let response = self.answer(request.body(Body::empty()).unwrap()).await;
        assert_eq!(response.headers()[header::CONTENT_TYPE], "text/event-stream");
        response.into_body().into_data_stream()
    }

    /// Opens a live stream, or returns the refusal.
    pub async fn try_stream(&self, path: &str) -> Result<BodyDataStream, Answer> {
        let request = as_htmx(self.request(Method::GET, path)).body(Body::empty()).unwrap();
        let response = self.answer(request).await;
        if response.status() != StatusCode::OK {
            return Err(Answer::of(response).await);
        }
        assert_eq!(response.headers()[header::CONTENT_TYPE], "text/event-stream");
        Ok(response.into_body().into_data_stream())
    }
}

/// Adds the headers of htmx.
pub fn as_htmx(request: axum::http::request::Builder) -> axum::http::request::Builder {
    request.header("hx-request", "true").header("hx-request-type", "partial")
}

/// Completes a request with a form as its body.
pub fn filled(request: axum::http::request::Builder, form: &[(&str, &str)]) -> Request<Body> {
    let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded").body(Body::from(body)).unwrap()
}

/// An answer, read to its end.
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// The headers.
    pub headers: HeaderMap,
    /// The whole body.
    pub body: String,
}

impl Answer {
    /// Reads an answer to its end.
    pub async fn of(response: Response) -> Self {
        let (parts, body) = response.into_parts();
        let body = to_bytes(body, 10_000_000).await.unwrap();
        Self { status: parts.status, headers: parts.headers, body: String::from_utf8(body.to_vec()).unwrap() }
    }

    /// A header's value, empty if it is missing.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The texts of the elements that a selector finds, with runs of white space collapsed.
    pub fn texts(&self, selector: &str) -> Vec<String> {
        let found = |element: scraper::ElementRef<'_>| {
            element.text().flat_map(str::split_whitespace).collect::<Vec<_>>().join(" ")
        };
        Html::parse_document(&self.body).select(&Selector::parse(selector).unwrap()).map(found).collect()
    }

    /// An attribute of each element that a selector finds.
    pub fn attributes(&self, selector: &str, name: &str) -> Vec<String> {
        Html::parse_document(&self.body)
            .select(&Selector::parse(selector).unwrap())
            .map(|element| element.attr(name).unwrap_or_default().to_owned())
            .collect()
    }

    /// Whether a selector finds an element.
    pub fn has(&self, selector: &str) -> bool {
        !self.texts(selector).is_empty()
    }
}
