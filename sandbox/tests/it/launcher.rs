//! The launcher: exit status, environment of the program, isolation from the network.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::io::AsyncReadExt as _;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep};

use crate::launch::{addresses, http, run};

/// A file that can be patched, for programs that do not load it.
fn fake_library(directory: &Path) -> PathBuf {
    let path = directory.join("fake.so");
    let mut key = b"-----BEGIN RSA PUBLIC KEY-----\nMIIBCgKCAQEAyMEdY1aR".to_vec();
    key.resize(425 - 28, b'x');
    key.extend(b"-----END RSA PUBLIC KEY-----");
    std::fs::write(&path, key).unwrap();
    path
}

async fn shell(options: &[&str], script: &str) -> (i32, String) {
    let directory = tempfile::tempdir().unwrap();
    let library = fake_library(directory.path());
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
    assert_eq!(lines[5], String::from_utf8(output.stdout).unwrap().trim(), "the user id stays the same");
}

#[tokio::test]
async fn it_serves_at_telegrams_own_addresses_on_request() {
    let script = r#"
        echo "$SANDBOX_MTPROTO"
        for address in 149.154.167.40 149.154.175.10 1.1.1.1; do
            bash -c "exec 3<>/dev/tcp/$address/443" 2>/dev/null && echo "$address"
        done
        true
    "#;
    for (options, reached) in [
        (&["--telegram-addresses"][..], "127.0.0.1:443\n149.154.167.40\n149.154.175.10\n"),
        (&[], "127.0.0.1:4430\n"),
    ] {
        assert_eq!(shell(options, script).await, (0, reached.to_owned()), "{options:?}");
    }
}

#[tokio::test]
async fn a_signal_stops_the_program_first() {
    let directory = tempfile::tempdir().unwrap();
    let library = fake_library(directory.path());
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
        assert!(!Path::new(&format!("/proc/{server}")).exists(), "the server has stopped as well");
    }
}

fn send_signal(child: &Child, signal: &str) {
    let pid = child.id().unwrap().to_string();
    let sent = std::process::Command::new("kill").args([&format!("-{signal}"), &pid]).status().unwrap();
    assert!(sent.success());
}

#[tokio::test]
async fn failures_to_start_are_explained() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let failure = async |mut command: Command| {
        let output = command.stderr(Stdio::piped()).output().await.unwrap();
        assert_eq!(output.status.code(), Some(1));
        String::from_utf8(output.stderr).unwrap()
    };
    let text = failure(run(&data, Path::new("/does/not/exist.so"), &[], &["true"])).await;
    assert!(text.contains("/does/not/exist.so") && text.contains("make natives"), "{text}");
    let other = directory.path().join("other.so");
    std::fs::write(&other, "no library").unwrap();
    let text = failure(run(&data, &other, &[], &["true"])).await;
    assert!(text.contains("not a TDLib that can be patched"), "{text}");
    let library = fake_library(directory.path());
    let text = failure(run(&data, &library, &[], &["/does/not/exist"])).await;
    assert!(text.contains("cannot start the program"), "{text}");
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let text = failure(run(&data, &library, &["--listen", &address], &["true"])).await;
    assert!(text.contains(&format!("cannot listen on {address}")), "{text}");
    std::fs::write(data.join("state.json"), "[]").unwrap();
    let text = failure(run(&data, &library, &[], &["sleep", "60"])).await;
    assert!(text.contains("state.json: not the state") && text.contains("exits repeatedly"), "{text}");
}

#[tokio::test]
async fn a_killed_server_is_always_restarted() {
    let directory = tempfile::tempdir().unwrap();
    let library = fake_library(directory.path());
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
    assert_eq!(child.wait().await.unwrap().code(), Some(0), "the program is not affected");
}
