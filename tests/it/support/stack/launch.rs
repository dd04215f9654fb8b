//! The launcher, and what it starts.

use std::ffi::OsString;
use std::fs::File;
use std::hash::{BuildHasher, RandomState};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use super::{Home, Stack, TELEGRAM_ADDRESSES};

impl Stack {
    /// Runs a command of Telescope beside the server; returns whether it succeeded, and its output.
    pub async fn runs(&self, command: &str, arguments: &[&str]) -> (bool, String) {
        let mut telescope = Command::new(env!("CARGO_BIN_EXE_telescope"));
        telescope
            .arg(command)
            .args(arguments)
            .env_clear()
            .envs(self.environment())
            .env("TELEGRAM_ENVIRONMENT", "test")
            .env("LOG", "error")
            .current_dir(self.folder());
        let ran = tokio::task::spawn_blocking(move || telescope.output().unwrap()).await.unwrap();
        let Output { status, stdout, stderr } = ran;
        let said = String::from_utf8([stdout, stderr].concat()).unwrap();
        (status.success(), said.trim_end().to_owned())
    }
}

/// The command that serves; the binary is the one that ships.
pub fn telescope() -> Vec<OsString> {
    vec![env!("CARGO_BIN_EXE_telescope").into(), "serve".into()]
}

/// Starts the launcher in a process group of its own, with its output added to the log.
pub(super) fn launch(home: &Home, program: &[OsString], settings: &[(String, String)]) -> Child {
    let folder = home.folder();
    let log = File::options().create(true).append(true).open(folder.join("log")).unwrap();
    Command::new(sandbox_program())
        .arg("run")
        .args(["--data", path(&folder.join("sandbox")), "--library", path(&library())])
        .args(settings.iter().any(|(name, _)| name == TELEGRAM_ADDRESSES).then_some("--telegram-addresses"))
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
pub(super) fn environment(folder: &Path, settings: &[(String, String)]) -> Vec<(OsString, OsString)> {
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
    let library = crate::support::root().join("natives/linux/lib/libtdjson.so");
    assert!(library.exists(), "{} is missing: `make natives` fetches it", library.display());
    library
}

/// Two free addresses, bound at the same time so that they differ. They are outside the range of ephemeral ports, so that
/// they stay free while a stack is stopped.
pub(super) fn free_addresses() -> [SocketAddr; 2] {
    let listening = || {
        let random = RandomState::new().hash_one(std::process::id());
        let port = 10_000 + u16::try_from(random % 20_000).unwrap();
        TcpListener::bind(("127.0.0.1", port)).ok()
    };
    let one = || (0..100).find_map(|_| listening()).expect("a free port");
    [one(), one()].map(|listener| listener.local_addr().unwrap())
}
