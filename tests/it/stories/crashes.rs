//! TDLib crashes. Its accounts are back in seconds without a login, and pages continue to work.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustix::process::Signal;
use telescope::store::{Db, accounts};

use crate::support::login::{ADMIN, STEP, ready_account};
use crate::support::processes;
use crate::support::stack::{Home, Stack, telescope};
use crate::support::visitor::{Row, Visitor};
use crate::support::waiting::until;

/// How long a page may take while a host is down, under load.
const SOON: Duration = Duration::from_secs(15);

#[tokio::test(flavor = "multi_thread")]
async fn thirty_accounts_come_back_after_a_crash() {
    let stack = Stack::start().await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let mut accounts = Vec::new();
    for _ in 0..30 {
        accounts.push(ready_account(&stack, &visitor, None).await);
    }
    let asked = stack.phones().calls_in_all("auth.sendCode").await;
    let host = stack.td_host_pid();
    processes::signal(host, Signal::ABORT);
    let page = tokio::time::timeout(SOON, visitor.get("/accounts")).await.expect("pages still work");
    assert_eq!(page.status(), 200);
    until("another host runs", STEP, async || {
        stack.parts().iter().any(|part| part.runs("td-host") && part.pid != host).then_some(())
    })
    .await;
    for row in &accounts {
        visitor.until_stage(&row.id, "ready", STEP).await;
    }
    assert_eq!(stack.phones().calls_in_all("auth.sendCode").await, asked, "no new login");
}

/// One account makes TDLib crash whenever it is loaded. It is identified and quarantined; the others recover, and so does
/// the account once its folder is repaired.
#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_crashes_tdlib_is_quarantined() {
    let home = Arc::new(Home::new());
    let poison = Path::new(env!("CARGO_BIN_EXE_telescope")).with_file_name("examples").join("libpoison.so");
    assert!(
        poison.exists(),
        "{} is missing: `cargo build --workspace --all-targets` makes it",
        poison.display()
    );
    let program =
        ["sh", "-c", CRASHING].map(OsString::from).into_iter().chain([poison.into()]).chain(telescope());
    let mut stack = Stack::launch(home, program.collect(), Vec::new());
    stack.until_it_answers().await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let mut accounts = Vec::new();
    for _ in 0..6 {
        accounts.push(ready_account(&stack, &visitor, None).await);
    }
    let asked = stack.phones().calls_in_all("auth.sendCode").await;
    let culprit = accounts.pop().unwrap();
    let folder = folder_of(&stack, &culprit).await;
    visitor.does(&format!("/accounts/{}/disconnect", culprit.id), &[]).await;
    visitor.until_stage(&culprit.id, "disconnected", STEP).await;
    std::fs::write(folder.join("poison"), "").unwrap();

    visitor.does(&format!("/accounts/{}/connect", culprit.id), &[]).await;
    visitor.until_stage(&culprit.id, "quarantined", STEP * 2).await;
    let said = visitor.get(&format!("/accounts/{}", culprit.id)).await.text().await.unwrap();
    assert!(said.contains("TDLib crashed three times while loading this account"), "{said}");
    for row in &accounts {
        visitor.until_stage(&row.id, "ready", STEP).await;
    }
    assert_eq!(stack.log().matches("td-host died").count(), 3, "{}", stack.log());

    std::fs::remove_file(folder.join("poison")).unwrap();
    visitor.does(&format!("/accounts/{}/connect", culprit.id), &[]).await;
    visitor.until_stage(&culprit.id, "ready", STEP).await;
    assert_eq!(stack.phones().calls_in_all("auth.sendCode").await, asked, "no new login");
}

/// Replaces TDLib with the crashing library, the first argument, and runs the rest.
const CRASHING: &str =
    "printf %s \"$TDLIB_LIBRARY\" > poison.library && export TDLIB_LIBRARY=\"$0\" && exec \"$@\"";

async fn folder_of(stack: &Stack, row: &Row) -> PathBuf {
    let db = Db::open(&stack.home().dsn()).await.unwrap();
    let conn = &mut db.read().await.unwrap();
    let account = accounts::get(conn, row.id.parse().unwrap()).await.unwrap().unwrap();
    stack.accounts().join(account.folder)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_over_its_memory_limit_is_restarted_when_idle() {
    let stack = Stack::start_with_settings(&[("TD_HOST_MEMORY_MB", "1")]).await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let host = stack.td_host_pid();
    let account = ready_account(&stack, &visitor, None).await;
    until("another host runs", STEP * 2, async || {
        stack.parts().iter().any(|part| part.runs("td-host") && part.pid != host).then_some(())
    })
    .await;
    visitor.until_stage(&account.id, "ready", STEP).await;
    assert!(stack.log().contains("over its memory limit"), "{}", stack.log());
    assert_eq!(stack.phones().codes_asked_for(&account.phone).await, 1);
}
