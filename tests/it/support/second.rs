//! A second `telescope serve` beside a stack's own: in the same network, on the same data, at another address.

use std::fs::{self, File};
use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};

use rustix::process::Signal;

use super::processes;
use super::stack::{STOP_TIME, Stack};
use super::waiting::until;

/// Passes the listener, which is standard input, on as LISTEN_FDS requires.
const HAND_OVER: &str = "exec 3<&0 </dev/null && LISTEN_FDS=1 exec \"$0\" serve";

/// A running second server. It is killed when it is dropped.
pub struct Second {
    address: SocketAddr,
    log: std::path::PathBuf,
    server: Child,
}

impl Second {
    /// Starts it. Like the launcher, this binds the listener outside the stack's network.
    pub fn start(stack: &Stack) -> Self {
        Self::start_with(stack, &[])
    }

    /// Starts it on data of its own: another organisation with the same Telegram.
    pub fn start_apart(stack: &Stack) -> Self {
        let inside = |name: &str| stack.folder().join("apart").join(name);
        Self::start_with(stack, &[("DATA_DIR", &inside("data")), ("ACCOUNTS_DIR", &inside("accounts"))])
    }

    /// Starts it with settings that come after the stack's.
    pub fn start_with(stack: &Stack, settings: &[(&str, &Path)]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let sandbox = fs::read_to_string(stack.folder().join("sandbox/run.json")).unwrap();
        let sandbox: serde_json::Value = serde_json::from_str(&sandbox).unwrap();
        let inside =
            |name: &str| sandbox[name].as_str().expect("run.json says where everything is").to_owned();
        let path = stack.folder().join("second.log");
        let log = File::create(&path).unwrap();
        let mut command = Command::new("nsenter");
        command.args(["--target", &stack.server_pid().to_string(), "--net"]);
        if !rustix::process::geteuid().is_root() {
            command.args(["--user", "--preserve-credentials"]);
        }
        let server = command
            .args(["--", "sh", "-c", HAND_OVER, env!("CARGO_BIN_EXE_telescope")])
            .env_clear()
            .envs(stack.environment())
            .envs(settings.iter().copied())
            .env("TELEGRAM_ENVIRONMENT", "test")
            .env("TDLIB_LIBRARY", inside("library"))
            .env("TELEGRAM_PROXY", format!("socks5://{}", inside("socks")))
            .env("HOST", address.ip().to_string())
            .env("PORT", address.port().to_string())
            .current_dir(stack.folder())
            .stdin(Stdio::from(OwnedFd::from(listener)))
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .expect("nsenter starts");
        Self { address, log: path, server }
    }

    /// A page's address.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Its output so far.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// Stops it with SIGTERM.
    pub async fn stop(&mut self) -> ExitStatus {
        processes::signal(i32::try_from(self.server.id()).unwrap(), Signal::TERM);
        let server = &mut self.server;
        until("the second server ends", STOP_TIME, async || server.try_wait().unwrap()).await
    }
}

impl Drop for Second {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
        if std::thread::panicking() {
            eprintln!("--- what the second server said:\n{}\n---", self.log());
        }
    }
}
