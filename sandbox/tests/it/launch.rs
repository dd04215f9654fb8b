//! Starts the launcher, and talks to the page with the test phones.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::process::Command;
use tokio::time::{Instant, sleep};

/// The stock TDLib, which `make natives` fetches.
pub fn stock_library() -> PathBuf {
    let path = match std::env::var_os("TDLIB_LIBRARY_STOCK") {
        Some(path) => PathBuf::from(path),
        None => workspace().join("natives/linux/lib/libtdjson.so"),
    };
    assert!(path.is_file(), "{} is missing: run `make natives` first", path.display());
    path
}

/// The root of the workspace.
pub fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// An example of this crate, which cargo builds together with the tests.
pub fn example(name: &str) -> PathBuf {
    let binary = Path::new(env!("CARGO_BIN_EXE_telescope-sandbox"));
    let path = binary.parent().unwrap().join("examples").join(name);
    assert!(path.is_file(), "{} is missing: cargo build -p telescope-sandbox --examples", path.display());
    path
}

/// A launcher that runs a program.
pub fn run(data: &Path, library: &Path, options: &[&str], program: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_telescope-sandbox"));
    command.args(["run", "--phones", "127.0.0.1:0", "--data"]).arg(data).arg("--library").arg(library);
    command.args(options).arg("--").args(program);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
    command
}

/// The addresses that the launcher has written.
pub async fn addresses(data: &Path) -> Value {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        match std::fs::read(data.join("run.json")) {
            Ok(text) => return serde_json::from_slice(&text).unwrap(),
            Err(_) => assert!(Instant::now() < deadline, "the launcher did not start"),
        }
        sleep(Duration::from_millis(20)).await;
    }
}

/// Sends a request; returns status and body.
pub async fn http(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    form: &str,
) -> (u16, String) {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let mut request = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\n");
    if !headers.iter().any(|(name, _)| *name == "Host") {
        request += &format!("Host: {address}\r\n");
    }
    for (name, value) in headers {
        request += &format!("{name}: {value}\r\n");
    }
    if method == "POST" {
        request += "Content-Type: application/x-www-form-urlencoded\r\n";
    }
    request += &format!("Content-Length: {}\r\n\r\n{form}", form.len());
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await.unwrap();
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}
