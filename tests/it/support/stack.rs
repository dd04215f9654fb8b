//! All processes of a running server: the launcher, the sandbox's server, Telescope and its td-hosts. The binaries are
//! the ones that ship.

mod ends;
mod launch;

pub use launch::telescope;

use std::ffi::OsString;
use std::fs;
use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Child;
use std::sync::Arc;
use std::time::Duration;

use launch::{environment, free_addresses, launch};
use telescope::config::Dsn;
use telescope::crypto::Keys;
use telescope::domain::Millis;
use telescope::store::{Db, access_seals};
use tempfile::TempDir;

use super::phones::Phones;
use super::processes::{self, Process};
use super::sqlite;
use super::waiting::{DEADLINE, until};

/// How long the stack may take to answer its first request: it copies the library and creates the database.
const START_TIME: Duration = Duration::from_secs(120);
/// How long an orderly stop may take.
pub(super) const STOP_TIME: Duration = DEADLINE;

/// Not a setting of Telescope: the sandbox serves at Telegram's own addresses, too, where proxies reach it.
pub const TELEGRAM_ADDRESSES: &str = "SANDBOX_AT_TELEGRAM_ADDRESSES";

/// The data and addresses of a stack. They stay the same while nothing runs.
#[derive(Debug)]
pub struct Home {
    folder: TempDir,
    page: SocketAddr,
    phones: SocketAddr,
}

impl Home {
    /// Creates an empty one.
    pub fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("telescope-").tempdir().unwrap();
        let [page, phones] = free_addresses();
        Self { folder, page, phones }
    }

    /// Its folder: `data` and `accounts` are Telescope's, `sandbox` is the server's.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The database of its Telescope.
    pub fn dsn(&self) -> Dsn {
        Dsn::in_folder(&self.folder().join("data"))
    }

    /// The same, opened to be filled before Telescope starts: what gives access gets its proofs.
    pub async fn open_db(&self) -> Db {
        let db = Db::open(&self.dsn()).await.unwrap();
        let keys = Arc::new(Keys::load(None, None, &self.folder().join("data")).unwrap());
        access_seals::prepare(&db, &keys, Millis(0)).await.unwrap();
        db
    }
}

/// A running stack with its own data. Dropping it kills everything it started.
pub struct Stack {
    home: Arc<Home>,
    program: Vec<OsString>,
    settings: Vec<(String, String)>,
    launcher: Child,
}

impl Stack {
    /// Starts a stack and waits until it answers.
    pub async fn start() -> Self {
        Self::start_with_settings(&[]).await
    }

    /// Starts a stack with additional settings.
    pub async fn start_with_settings(settings: &[(&str, &str)]) -> Self {
        let settings: Vec<_> =
            settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Self::start_in(Home::new(), settings).await
    }

    /// Starts a stack on a database that `fill` has prepared.
    pub async fn start_with(fill: impl AsyncFnOnce(&Db)) -> Self {
        let home = Home::new();
        let db = home.open_db().await;
        fill(&db).await;
        db.close().await;
        Self::start_in(home, Vec::new()).await
    }

    async fn start_in(home: Home, settings: Vec<(String, String)>) -> Self {
        let mut stack = Self::launch(Arc::new(home), telescope(), settings);
        stack.until_it_answers().await;
        stack
    }

    /// Creates a stopped stack, to be started once its database is prepared.
    pub fn prepare(settings: Vec<(String, String)>) -> Self {
        let nothing = vec!["true".into()];
        let mut stack = Self::launch(Arc::new(Home::new()), nothing, settings);
        stack.launcher.wait().expect("a launcher of nothing ends");
        stack.program = telescope();
        stack
    }

    /// Starts this program inside the sandbox without waiting for anything.
    pub fn launch(home: Arc<Home>, program: Vec<OsString>, settings: Vec<(String, String)>) -> Self {
        let launcher = launch(&home, &program, &settings);
        Self { home, program, settings, launcher }
    }

    /// Starts it again with the same data and address after it was stopped or killed.
    pub async fn start_again(&mut self) {
        self.start_again_unheard().await;
        self.until_it_answers().await;
    }

    /// The same, without waiting for an answer.
    pub async fn start_again_unheard(&mut self) {
        assert!(self.launcher.try_wait().unwrap().is_some(), "the stack is still running");
        // A stack that was killed while it started may leave an unknown child process, which ends soon.
        let free =
            async || [self.home.page, self.home.phones].into_iter().all(|at| TcpListener::bind(at).is_ok());
        until("the addresses are free", STOP_TIME, async || free().await.then_some(())).await;
        self.launcher = launch(&self.home, &self.program, &self.settings);
    }

    /// Waits until the page's address accepts connections; the launcher listens there before its program does.
    #[allow(dead_code, reason = "the programs in benches/ use it")]
    pub async fn until_it_listens(&self) {
        let connect = async || tokio::net::TcpStream::connect(self.home.page).await.ok();
        until("the page's address accepts connections", START_TIME, connect).await;
    }

    /// Waits until the page answers.
    pub async fn until_it_answers(&mut self) {
        let ready = self.url("/ready");
        let launcher = &mut self.launcher;
        until("the stack answers", START_TIME, async || {
            if let Some(status) = launcher.try_wait().unwrap() {
                panic!("the launcher ended: {status}");
            }
            let answer = reqwest::get(&ready).await.ok()?;
            answer.status().is_success().then_some(())
        })
        .await;
    }

    /// A file in `DATA_DIR`.
    pub fn data(&self, name: &str) -> PathBuf {
        self.home.folder().join("data").join(name)
    }

    /// Runs SQL directly on the database file, without Telescope.
    pub async fn tamper(&self, sql: &str) {
        sqlite::tamper(&self.data("telescope.db"), sql).await;
    }

    /// Every file of Telescope's own: the database, the keys, the accounts' folders.
    pub fn files(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut folders = vec![self.data(""), self.accounts()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path)
                } else if path.is_file() {
                    found.push(path)
                }
            }
        }
        found
    }

    /// The same with their bytes. The running programs have files for a moment, so some are gone by then.
    pub fn contents(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let read = |file: PathBuf| match fs::read(&file) {
            Ok(bytes) => Some((file, bytes)),
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(error) => panic!("{}: {error}", file.display()),
        };
        self.files().into_iter().filter_map(read).collect()
    }

    /// The folder of the accounts' folders.
    pub fn accounts(&self) -> PathBuf {
        self.home.folder().join("accounts")
    }

    /// The folder of all its data.
    pub fn folder(&self) -> &Path {
        self.home.folder()
    }

    /// The environment of its programs.
    pub fn environment(&self) -> Vec<(OsString, OsString)> {
        environment(self.home.folder(), &self.settings)
    }

    /// A page's address.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.home.page)
    }

    /// Its data and addresses.
    #[allow(dead_code, reason = "the programs in benches/ use it")]
    pub fn home(&self) -> &Arc<Home> {
        &self.home
    }

    /// The test phones.
    pub fn phones(&self) -> Phones {
        Phones::at(self.home.phones)
    }

    /// The launcher's process.
    pub fn launcher_pid(&self) -> i32 {
        i32::try_from(self.launcher.id()).unwrap()
    }

    /// Every process that the launcher started, directly or not.
    pub fn parts(&self) -> Vec<Process> {
        processes::descendants(self.launcher_pid())
    }

    /// The process `telescope serve`.
    pub fn telescope_pid(&self) -> i32 {
        self.only("telescope serve", |process| process.runs("serve") && program(process) == "telescope")
    }

    /// The process in which TDLib runs.
    pub fn td_host_pid(&self) -> i32 {
        self.only("td-host", |process| process.runs("td-host"))
    }

    /// The sandbox's server.
    pub fn server_pid(&self) -> i32 {
        self.only("the server", is_server)
    }

    /// Waits until the sandbox's server is a different process than this one.
    pub async fn until_another_server(&self, former: i32) {
        let another =
            async || self.parts().iter().any(|part| is_server(part) && part.pid != former).then_some(());
        until("the server is restarted", START_TIME, another).await;
    }

    fn only(&self, what: &str, wanted: impl Fn(&Process) -> bool) -> i32 {
        let all = self.parts();
        match all.iter().filter(|process| wanted(process)).collect::<Vec<_>>().as_slice() {
            [one] => one.pid,
            other => panic!("{what}: expected one process, found {other:?} among {all:?}"),
        }
    }

    /// The output of all processes so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.home.folder().join("log")).unwrap_or_default()
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        self.kill_all();
        if std::thread::panicking() {
            eprintln!("--- output of the stack:\n{}\n---", self.log());
        }
    }
}

fn is_server(process: &Process) -> bool {
    process.runs("serve") && program(process) == "telescope-sandbox"
}

fn program(process: &Process) -> &str {
    process.line.first().and_then(|path| path.rsplit('/').next()).unwrap_or_default()
}
