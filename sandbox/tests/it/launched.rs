//! The launcher: exit statuses, what the program gets, and that the network is gone.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

/// The stock TDLib, which `make natives` fetches.
pub fn stock_library() -> PathBuf {
    let path = match std::env::var_os("TDLIB_LIBRARY_STOCK") {
        Some(path) => PathBuf::from(path),
        None => workspace().join("natives/linux/lib/libtdjson.so"),
    };
    assert!(path.is_file(), "{} is not there: run `make natives` first", path.display());
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
    assert!(path.is_file(), "{} is not there: cargo build -p telescope-sandbox --examples", path.display());
    path
}

/// A launcher with a program.
pub fn run(data: &Path, library: &Path, options: &[&str], program: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_telescope-sandbox"));
    command.args(["run", "--phones", "127.0.0.1:0", "--data"]).arg(data).arg("--library").arg(library);
    command.args(options).arg("--").args(program);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
    command
}

/// What the launcher says about itself.
pub async fn addresses(data: &Path) -> Value {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        match std::fs::read(data.join("run.json")) {
            Ok(text) => return serde_json::from_slice(&text).unwrap(),
            Err(_) => assert!(Instant::now() < deadline, "the launcher does not start"),
        }
        sleep(Duration::from_millis(20)).await;
    }
}

/// Asks for a page; gives status and body.
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

/// A file that can be patched, for programs that do not load it.
fn pretend_library(directory: &Path) -> PathBuf {
    let path = directory.join("pretend.so");
    let mut key = b"-----BEGIN RSA PUBLIC KEY-----\nMIIBCgKCAQEAyMEdY1aR".to_vec();
    key.resize(425 - 28, b'x');
    key.extend(b"-----END RSA PUBLIC KEY-----");
    std::fs::write(&path, key).unwrap();
    path
}

async fn shell(options: &[&str], script: &str) -> (i32, String) {
    let directory = tempfile::tempdir().unwrap();
    let library = pretend_library(directory.path());
    let data = directory.path().join("data");
    let output = run(&data, &library, options, &["sh", "-c", script]).output().await.unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
}

#[tokio::test]
async fn the_exit_status_is_the_programs() {
    assert_eq!(shell(&[], "exit 0").await.0, 0);
    assert_eq!(shell(&[], "exit 7").await.0, 7);
    assert_eq!(shell(&[], "kill -9 $$").await.0, 137);
    assert_eq!(shell(&[], "exec /does/not/exist").await.0, 127);
}

#[tokio::test]
async fn the_program_gets_its_settings_and_nothing_but_loopback() {
    let script = r#"
        echo "$TELEGRAM_ENVIRONMENT $TELEGRAM_PROXY $SANDBOX_MTPROTO $LISTEN_FDS $LISTEN_PID $HOST"
        grep -c 'BEGIN RSA PUBLIC KEY' "$SANDBOX_PUBLIC_KEY" "$TDLIB_LIBRARY" | sed 's/.*://'
        tail -n +3 /proc/net/dev | cut -d: -f1 | tr -d ' '
        readlink /proc/self/fd/3 | cut -d: -f1
        id -u
    "#;
    let (status, output) = shell(&["--listen", "127.0.0.1:0"], script).await;
    assert_eq!(status, 0);
    let lines: Vec<_> = output.lines().collect();
    assert_eq!(lines[0], "test socks5://127.0.0.1:1080 127.0.0.1:4430 1  127.0.0.1");
    assert_eq!(lines[1..3], ["1", "1"]);
    assert_eq!(lines[3..5], ["lo", "socket"]);
    let output = std::process::Command::new("id").arg("-u").output().unwrap();
    assert_eq!(lines[5], String::from_utf8(output.stdout).unwrap().trim(), "nobody becomes somebody else");
}

#[tokio::test]
async fn a_signal_stops_the_program_first() {
    let directory = tempfile::tempdir().unwrap();
    let library = pretend_library(directory.path());
    for signal in ["TERM", "INT"] {
        let data = directory.path().join(signal);
        let script = "trap 'echo asked; exit 5' TERM; echo ready; while :; do sleep 0.05; done";
        let mut child = run(&data, &library, &[], &["sh", "-c", script]).spawn().unwrap();
        let mut output = child.stdout.take().unwrap();
        let mut text = [0; 6];
        output.read_exact(&mut text).await.unwrap();
        let server = addresses(&data).await["server_pid"].as_u64().unwrap();
        send_signal(&child, signal);
        let mut rest = String::new();
        output.read_to_string(&mut rest).await.unwrap();
        assert_eq!((rest.as_str(), child.wait().await.unwrap().code()), ("asked\n", Some(5)));
        assert!(!Path::new(&format!("/proc/{server}")).exists(), "the server is gone as well");
    }
}

fn send_signal(child: &Child, signal: &str) {
    let pid = child.id().unwrap().to_string();
    let sent = std::process::Command::new("kill").args([&format!("-{signal}"), &pid]).status().unwrap();
    assert!(sent.success());
}

#[tokio::test]
async fn what_cannot_be_run_is_said_in_one_sentence() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let fault = async |mut command: Command| {
        let output = command.stderr(Stdio::piped()).output().await.unwrap();
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stderr).unwrap()
    };
    let text = fault(run(&data, Path::new("/does/not/exist.so"), &[], &["true"])).await;
    assert!(text.contains("/does/not/exist.so") && text.contains("make natives"), "{text}");
    let other = directory.path().join("other.so");
    std::fs::write(&other, "no library").unwrap();
    let text = fault(run(&data, &other, &[], &["true"])).await;
    assert!(text.contains("no TDLib that can be patched"), "{text}");
    let library = pretend_library(directory.path());
    let text = fault(run(&data, &library, &[], &["/does/not/exist"])).await;
    assert!(text.contains("the program did not start"), "{text}");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let text = fault(run(&data, &library, &["--listen", &address], &["true"])).await;
    assert!(text.contains(&format!("{address} cannot be listened on")), "{text}");
    std::fs::write(data.join("state.json"), "[]").unwrap();
    let text = fault(run(&data, &library, &[], &["sleep", "60"])).await;
    assert!(text.contains("state.json: this is no state") && text.contains("does not stay alive"), "{text}");
}

#[tokio::test]
async fn a_server_may_be_killed_as_often_as_one_likes() {
    let directory = tempfile::tempdir().unwrap();
    let library = pretend_library(directory.path());
    let data = directory.path().join("data");
    let mut child = run(&data, &library, &[], &["cat"]).spawn().unwrap();
    let mut before = 0;
    for _ in 0..8 {
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            assert!(Instant::now() < deadline, "no new server");
            match addresses(&data).await["server_pid"].as_u64().unwrap() {
                pid if pid != before => {
                    let phones = addresses(&data).await["phones"].as_str().unwrap().parse().unwrap();
                    assert_eq!(http(phones, "GET", "/", &[], "").await.0, 200);
                    std::process::Command::new("kill").args(["-9", &pid.to_string()]).status().unwrap();
                    before = pid;
                    break;
                }
                _ => sleep(Duration::from_millis(10)).await,
            }
        }
    }
    drop(child.stdin.take());
    assert_eq!(child.wait().await.unwrap().code(), Some(0), "the program never noticed");
}
