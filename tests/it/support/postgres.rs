//! A real Postgres for the tests: a throw-away cluster from the installed binaries.
//!
//! It is started once per test process, on a Unix socket in a folder of its own, and stops without being told to: a shell
//! between it and the tests reads from a pipe. When the tests end, however they end, the pipe closes; then the shell stops
//! the server and deletes the folder.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;

use rustix::process::Signal;

use super::processes;

const SCRIPT: &str = r#"
set -eu
trap '' INT TERM HUP PIPE
dir=$(mktemp -d "${TMPDIR:-/tmp}/telescope-postgres.XXXXXX")
trap 'pg_ctl -D "$dir/data" -m immediate stop >/dev/null 2>&1 || true; rm -rf "$dir"' EXIT
run() { "$@" >"$dir/out" 2>&1 </dev/null || { cat "$dir/out" "$dir/log" >&2 || true; exit 1; }; }
run initdb -D "$dir/data" -U postgres -A trust -E UTF8 --locale=C --no-sync
run pg_ctl -D "$dir/data" -l "$dir/log" -w -t 120 start -o \
    "-k $dir -c listen_addresses= -c fsync=off -c synchronous_commit=off -c max_connections=200"
echo "$dir"
read -r _ || true
"#;

/// A running cluster.
pub struct Cluster {
    /// The folder of its socket.
    pub socket: PathBuf,
    _keeper: Child,
}

/// The cluster of this test process, started at the first call.
pub fn cluster() -> &'static Cluster {
    static CLUSTER: OnceLock<Cluster> = OnceLock::new();
    CLUSTER.get_or_init(start)
}

impl Cluster {
    /// A cluster for one test, which may stop it.
    pub fn start() -> Self {
        start()
    }

    /// Makes the server hang: its processes are stopped, connections stay open and get no answers.
    pub fn freeze(&self) {
        self.signal(Signal::STOP);
    }

    /// Lets it continue.
    pub fn thaw(&self) {
        self.signal(Signal::CONT);
    }

    /// Stops the server: connections are closed and new ones refused.
    pub fn stop(&self) {
        self.pg_ctl("-m fast stop");
    }

    /// Starts a server that was stopped.
    pub fn start_again(&self) {
        let socket = self.socket.display();
        self.pg_ctl(&format!("-l '{socket}/log' -o \"-k {socket} -c listen_addresses= -c fsync=off\" start"));
    }

    fn pg_ctl(&self, words: &str) {
        let line =
            format!("'{}/pg_ctl' -D '{}/data' -w {words}", binaries().display(), self.socket.display());
        let mut command = shell();
        command.args(["-c", &line]).current_dir("/").stdin(Stdio::null()).stdout(Stdio::null());
        assert!(command.status().expect("a shell starts").success(), "{line}");
    }

    fn signal(&self, signal: Signal) {
        let file = std::fs::read_to_string(self.socket.join("data/postmaster.pid")).unwrap();
        let postmaster = file.lines().next().unwrap().trim().parse().unwrap();
        processes::signal(postmaster, signal);
        processes::descendants(postmaster).iter().for_each(|part| processes::signal(part.pid, signal));
    }

    /// The libpq connection string of a database in this cluster.
    pub fn dsn(&self, role: &str, database: &str) -> String {
        format!("host={} user={role} dbname={database}", self.socket.display())
    }
}

fn start() -> Cluster {
    let bin = binaries();
    let path = std::env::var("PATH").unwrap_or_default();
    let mut keeper = shell()
        .args(["-c", SCRIPT])
        .env("PATH", format!("{}:{path}", bin.display()))
        .env("LC_ALL", "C")
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("a shell starts");
    let mut line = String::new();
    BufReader::new(keeper.stdout.take().unwrap()).read_line(&mut line).unwrap();
    if line.is_empty() {
        let mut said = String::new();
        let _ = keeper.stderr.take().unwrap().read_to_string(&mut said);
        panic!("Postgres for the tests did not start: {said}");
    }
    Cluster { socket: PathBuf::from(line.trim_end()), _keeper: keeper }
}

fn shell() -> Command {
    unprivileged("sh")
}

/// A program as an unprivileged user, since Postgres and PgBouncer refuse to run as root.
pub(super) fn unprivileged(program: &str) -> Command {
    if !am_root() {
        return Command::new(in_path(program));
    }
    let program = in_path(program);
    let user = ["postgres", "nobody"]
        .into_iter()
        .find(|user| succeeds(Command::new("id").arg(user)))
        .expect("a user postgres or nobody to run Postgres as");
    let mut command = Command::new("setpriv");
    command.args(["--reuid", user, "--regid"]);
    command.arg(if user == "postgres" { "postgres" } else { "nogroup" });
    command.arg("--clear-groups").arg(program);
    command
}

/// Servers are where an unprivileged user's PATH may not lead.
fn in_path(program: &str) -> PathBuf {
    let server = Path::new("/usr/sbin").join(program);
    if server.exists() { server } else { program.into() }
}

fn am_root() -> bool {
    let id = Command::new("id").arg("-u").output().expect("id runs");
    id.stdout.trim_ascii() == b"0"
}

fn succeeds(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}

/// The folder of initdb: that of the newest installed version, or the one in PATH.
fn binaries() -> PathBuf {
    let mut found: Vec<(u32, PathBuf)> = ["/usr/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt"]
        .iter()
        .filter_map(|folder| std::fs::read_dir(folder).ok())
        .flatten()
        .flatten()
        .map(|entry| (version(&entry.path()), entry.path().join("bin")))
        .filter(|(_, bin)| bin.join("initdb").is_file())
        .collect();
    found.sort();
    let on_path = || {
        std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())
            .find(|bin| bin.join("initdb").is_file())
    };
    found
        .pop()
        .map(|(_, bin)| bin)
        .or_else(on_path)
        .expect("the tests need Postgres' programs (initdb, pg_ctl): apt-get install postgresql")
}

/// 15 of `…/15` and of `…/postgresql@15`.
fn version(folder: &Path) -> u32 {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    name.trim_start_matches(|c: char| !c.is_ascii_digit()).parse().unwrap_or(0)
}
