//! What operators do with the program itself: health checks, other users, an update in place.

use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;

use rustix::process::Signal;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::support::login::{ADMIN, STEP, ready_account};
use crate::support::processes;
use crate::support::stack::{Home, Stack};
use crate::support::visitor::Visitor;
use crate::support::waiting::until;

/// Runs the program in a folder with the settings of a test server.
fn in_folder(folder: &Path, arguments: &[&str]) -> (bool, String) {
    let ran = Command::new(env!("CARGO_BIN_EXE_telescope"))
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .envs([("TELEGRAM_ENVIRONMENT", "test"), ("SSO_MODE", "mock"), ("PORT", "0")])
        .output()
        .unwrap();
    (ran.status.success(), text(&ran))
}

fn text(ran: &Output) -> String {
    [&ran.stdout, &ran.stderr].map(|bytes| String::from_utf8_lossy(bytes).into_owned()).concat()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_container_asks_its_server_how_it_is() {
    let mut stack = Stack::start().await;
    let address = stack.url("");
    let (_, port) = address.rsplit_once(':').unwrap();
    let ask = |stack: &Stack, more: &[&str], host: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_telescope"));
        command.arg("health").args(more).current_dir(stack.folder()).env_clear().envs(stack.environment());
        // As in a container: it listens everywhere, and people come by another name.
        command.envs([("TELEGRAM_ENVIRONMENT", "test"), ("HOST", host), ("PORT", port)]);
        command.env("PUBLIC_URL", "http://localhost:1").output().unwrap()
    };
    for host in ["localhost", "127.0.0.1"] {
        let healthy = ask(&stack, &[], host);
        assert!(healthy.status.success() && healthy.stdout == b"ok\n", "{}", text(&healthy));
        let ready = ask(&stack, &["--ready"], host);
        assert!(ready.status.success() && ready.stdout == b"ready\n", "{}", text(&ready));
    }
    stack.stop().await;
    let gone = ask(&stack, &[], "127.0.0.1");
    assert_eq!(gone.status.code(), Some(1));
    assert!(text(&gone).contains("no server answers") && text(&gone).contains(port), "{}", text(&gone));
}

/// The package manager replaces the file under a running server, whose TDLib then crashes.
#[tokio::test(flavor = "multi_thread")]
async fn an_update_in_place_does_not_keep_td_hosts_from_starting() {
    let home = Arc::new(Home::new());
    let program = home.folder().join("telescope");
    std::fs::copy(env!("CARGO_BIN_EXE_telescope"), &program).unwrap();
    let mut stack =
        Stack::launch(Arc::clone(&home), vec![program.clone().into(), "serve".into()], Vec::new());
    stack.until_it_answers().await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let account = ready_account(&stack, &visitor, None).await;
    for replacement in [Some("#!/bin/sh\nexit 9\n"), None] {
        std::fs::remove_file(&program).unwrap();
        if let Some(replacement) = replacement {
            std::fs::write(&program, replacement).unwrap();
        }
        let host = stack.td_host_pid();
        processes::signal(host, Signal::ABORT);
        until("another host runs", STEP, async || {
            stack.parts().iter().any(|part| part.runs("td-host") && part.pid != host).then_some(())
        })
        .await;
        visitor.until_stage(&account.id, "ready", STEP).await;
        assert_eq!(stack.log().matches("td-host can't be started").count(), 0);
    }
}

#[test]
fn a_command_leaves_no_files_of_its_user_among_those_of_the_server() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let (nobody, root) = (65_534, 0);
    let fresh = tempfile::tempdir().unwrap();
    chown(fresh.path(), Some(nobody), None).unwrap();
    for arguments in [&["admin", "grant", "ada@example.org"][..], &["migrate"], &["serve"]] {
        let (done, said) = in_folder(fresh.path(), arguments);
        assert!(!done && said.contains("belongs to nobody") && said.contains("runs as root"), "{said}");
    }
    assert_eq!(std::fs::read_dir(fresh.path()).unwrap().count(), 0, "nothing was made");

    chown(fresh.path(), Some(root), None).unwrap();
    std::fs::set_permissions(fresh.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    let (done, said) = in_folder(fresh.path(), &["admin", "grant", "ada@example.org"]);
    assert!(done, "{said}");
    // Now the service comes as its own user, and is told why it can't.
    let ran = Command::new("setpriv")
        .args(["--reuid", "65534", "--regid", "65534", "--clear-groups", "--"])
        .args([env!("CARGO_BIN_EXE_telescope"), "serve"])
        .current_dir("/")
        .env_clear()
        .envs([("TELEGRAM_ENVIRONMENT", "test"), ("SSO_MODE", "mock"), ("PORT", "0")])
        .env("DATA_DIR", fresh.path().join("data"))
        .output()
        .unwrap();
    let said = text(&ran);
    assert!(
        !ran.status.success() && said.contains("belongs to root") && said.contains("runs as nobody"),
        "{said}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_behind_a_symbolic_link_are_refused_at_the_start() {
    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir(home.path().join("real")).unwrap();
    symlink("real", home.path().join("accounts")).unwrap();
    let (done, said) = in_folder(home.path(), &["serve"]);
    assert!(!done && said.contains("ACCOUNTS_DIR: accounts is a symbolic link"), "{said}");
    std::fs::remove_file(home.path().join("accounts")).unwrap();
    std::fs::create_dir(home.path().join("accounts")).unwrap();
    symlink("../real", home.path().join("accounts/0f00d")).unwrap();
    let (done, said) = in_folder(home.path(), &["serve"]);
    assert!(!done && said.contains("accounts/0f00d is a symbolic link"), "{said}");
}

/// What anyone can send as often as they like fills no disk.
#[tokio::test(flavor = "multi_thread")]
async fn the_log_repeats_little_of_what_anyone_sends() {
    let stack = Stack::start().await;
    let address = stack.url("").trim_start_matches("http://").to_owned();
    let before = stack.log().len();
    for _ in 0..20 {
        let mut client = tokio::net::TcpStream::connect(&address).await.unwrap();
        let method = "M".repeat(50_000);
        let request = format!(
            "{method} /sign-in HTTP/1.1\r\nhost: {address}\r\ncookie: telescope=nonsense\r\nconnection: close\r\n\r\n"
        );
        client.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 405"), "{answer}");
    }
    let log = stack.log();
    let written = log.get(before..).unwrap();
    assert!(written.contains("(long)") && !written.contains("MMMM"), "{written}");
    assert!(!written.contains("suspicious"), "{written}");
    assert!(written.len() < 20 * 1000, "{} bytes", written.len());
}
