//! An attacker moves the session of one account to the folder of another, as if using a stolen session in their own
//! program. It does not open there: each account's files have their own key.

use std::path::{Path, PathBuf};

use crate::support::login::{ADMIN, STEP, ready_account};
use crate::support::stack::Stack;
use crate::support::visitor::Visitor;

/// The folder of an account, found by its manifest.
fn folder(stack: &Stack, id: &str) -> PathBuf {
    let about = |file: &PathBuf| {
        file.ends_with("account.json") && std::fs::read_to_string(file).unwrap().contains(id)
    };
    stack.files().into_iter().find(about).expect("the account has a folder").parent().unwrap().to_owned()
}

/// The file in which TDLib keeps the session.
fn session(folder: &Path) -> PathBuf {
    let files = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let mut logs = files.filter(|file| file.extension().is_some_and(|kind| kind == "binlog"));
    logs.next().expect("TDLib keeps its session in a file")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_does_not_open_in_another_folder() {
    let mut stack = Stack::start().await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let theirs = ready_account(&stack, &visitor, None).await;
    let thiefs = ready_account(&stack, &visitor, None).await;
    assert!(stack.stop().await.success());

    let stolen = session(&folder(&stack, &theirs.id));
    let place = session(&folder(&stack, &thiefs.id));
    let own = std::fs::read(&place).unwrap();
    let loot = std::fs::read(stolen).unwrap();
    std::fs::write(&place, &loot).unwrap();
    stack.start_again().await;
    visitor.until_stage(&thiefs.id, "failed", 2 * STEP).await;
    visitor.until_stage(&theirs.id, "ready", STEP).await;
    assert!(std::fs::read(&place).unwrap() == loot, "a session that does not open is kept");

    assert!(stack.stop().await.success());
    std::fs::write(&place, own).unwrap();
    stack.start_again().await;
    for account in [theirs, thiefs] {
        visitor.until_stage(&account.id, "ready", STEP).await;
    }
}

/// TDLib parses what strangers send, in a process that has neither the master key nor another setting.
#[tokio::test(flavor = "multi_thread")]
async fn a_td_host_has_no_master_key() {
    const KEY: &str = "correct horse battery staple 123";
    let stack = Stack::start_with_settings(&[("TWO_FACTOR_ENCRYPTION_KEY", KEY)]).await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    ready_account(&stack, &visitor, None).await;
    // Only root may read this of a process that can't be dumped.
    let environment = |pid: i32| std::fs::read(format!("/proc/{pid}/environ"));
    let has_key = |bytes: &[u8]| bytes.windows(KEY.len()).any(|part| part == KEY.as_bytes());
    match environment(stack.telescope_pid()) {
        Ok(bytes) => assert!(has_key(&bytes), "the server was given the key"),
        Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::PermissionDenied),
    }
    match environment(stack.td_host_pid()) {
        Ok(bytes) => assert_eq!(String::from_utf8_lossy(&bytes), "", "a td-host has no environment"),
        Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::PermissionDenied),
    }
    let arguments = std::fs::read(format!("/proc/{}/cmdline", stack.td_host_pid())).unwrap();
    assert!(!has_key(&arguments));
}
