//! All processes of a running server: the launcher, the sandbox's server, Telescope and its td-hosts. The binaries are
//! the ones that ship.

use std::ffi::OsString;
use std::fs::{self, File};
use std::hash::{BuildHasher, RandomState};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::process::Signal;
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

    /// Stops everything in order, as `systemctl stop` would.
    pub async fn stop(&mut self) -> ExitStatus {
        let parts = self.parts();
        processes::signal(self.launcher_pid(), Signal::TERM);
        self.until_gone(parts).await
    }

    /// Stops everything as Ctrl-C in a terminal does: every process of the group gets the signal at once.
    pub async fn interrupt(&mut self) -> ExitStatus {
        let parts = self.parts();
        processes::signal_group(self.launcher_pid(), Signal::INT);
        self.until_gone(parts).await
    }

    /// Waits until the launcher and everything it started have ended.
    async fn until_gone(&mut self, parts: Vec<Process>) -> ExitStatus {
        let launcher = &mut self.launcher;
        let status = until("the launcher ends", STOP_TIME, async || launcher.try_wait().unwrap()).await;
        for part in parts {
            until(&format!("{part:?} ends too"), STOP_TIME, async || {
                (!processes::alive(part.pid)).then_some(())
            })
            .await;
        }
        status
    }

    /// Waits until Telescope exits on its own, and all other processes with it.
    pub async fn until_ended(&mut self) -> ExitStatus {
        let parts = self.parts();
        self.until_gone(parts).await
    }

    /// Kills Telescope itself, as the OOM killer would, and waits until the whole stack has ended.
    pub async fn kill_telescope(&mut self) {
        let parts = self.parts();
        processes::kill_hard(self.telescope_pid());
        self.until_gone(parts).await;
    }

    /// Sends SIGTERM to Telescope only, and waits until the whole stack has ended.
    pub async fn terminate_telescope(&mut self) {
        let parts = self.parts();
        processes::signal(self.telescope_pid(), Signal::TERM);
        self.until_gone(parts).await;
    }

    /// Kills everything at once, as a power failure would.
    pub fn kill_all(&mut self) {
        let parts = self.parts();
        processes::kill_hard(self.launcher_pid());
        parts.iter().for_each(|part| processes::kill_hard(part.pid));
        let _ = self.launcher.wait();
        // A killed process keeps its ports until the kernel has ended it.
        let end = Instant::now() + STOP_TIME;
        while parts.iter().any(|part| processes::alive(part.pid)) && Instant::now() < end {
            #[expect(
                clippy::disallowed_methods,
                reason = "a drop can't await, and waits for processes that are dead"
            )]
            std::thread::sleep(Duration::from_millis(5));
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

/// The command that serves; the binary is the one that ships.
pub fn telescope() -> Vec<OsString> {
    vec![env!("CARGO_BIN_EXE_telescope").into(), "serve".into()]
}

/// Starts the launcher in a process group of its own, with its output added to the log.
fn launch(home: &Home, program: &[OsString], settings: &[(String, String)]) -> Child {
    let folder = home.folder();
    let log = File::options().create(true).append(true).open(folder.join("log")).unwrap();
    Command::new(sandbox_program())
        .arg("run")
        .args(["--data", path(&folder.join("sandbox")), "--library", path(&library())])
        .args(["--listen", &home.page.to_string(), "--phones", &home.phones.to_string(), "--"])
        .args(program)
        .current_dir(folder)
        .env_clear()
        .envs(environment(folder, settings))
        .process_group(0)
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .spawn()
        .expect("the launcher starts")
}

/// Telescope's environment; the test's own settings come last.
fn environment(folder: &Path, settings: &[(String, String)]) -> Vec<(OsString, OsString)> {
    let mut environment: Vec<(OsString, OsString)> = vec![
        ("PATH".into(), std::env::var_os("PATH").unwrap_or_default()),
        ("SSO_MODE".into(), "mock".into()),
        ("ADMIN_EMAILS".into(), "admin@example.org".into()),
        ("DATA_DIR".into(), folder.join("data").into()),
        ("ACCOUNTS_DIR".into(), folder.join("accounts").into()),
        ("LOGIN_ATTEMPTS_PER_DAY".into(), "20".into()),
        // In benchmarks one person logs hundreds of accounts in.
        ("CODES_PER_PERSON_PER_DAY".into(), "100000".into()),
        ("SIGN_INS_PER_MINUTE".into(), "10000".into()),
        ("LOG".into(), "info,telescope=debug".into()),
        ("RUST_BACKTRACE".into(), "1".into()),
        ("NO_COLOR".into(), "1".into()),
    ];
    environment.extend(settings.iter().map(|(name, value)| (name.into(), value.into())));
    environment
}

fn path(path: &Path) -> &str {
    path.to_str().expect("a plain path")
}

/// The sandbox's binary, which cargo builds beside ours.
fn sandbox_program() -> PathBuf {
    let program = Path::new(env!("CARGO_BIN_EXE_telescope")).with_file_name("telescope-sandbox");
    assert!(
        program.exists(),
        "{} is missing: `cargo build --workspace --bins` builds it, `make test` does so by itself",
        program.display()
    );
    program
}

/// The stock TDLib.
fn library() -> PathBuf {
    let library = super::root().join("natives/linux/lib/libtdjson.so");
    assert!(library.exists(), "{} is missing: `make natives` fetches it", library.display());
    library
}

/// Two free addresses, bound at the same time so that they differ. They are outside the range of ephemeral ports, so that
/// they stay free while a stack is stopped.
fn free_addresses() -> [SocketAddr; 2] {
    let listening = || {
        let random = RandomState::new().hash_one(std::process::id());
        let port = 10_000 + u16::try_from(random % 20_000).unwrap();
        TcpListener::bind(("127.0.0.1", port)).ok()
    };
    let one = || (0..100).find_map(|_| listening()).expect("a free port");
    [one(), one()].map(|listener| listener.local_addr().unwrap())
}
