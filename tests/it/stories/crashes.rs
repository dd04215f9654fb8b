//! TDLib crashes. Its accounts are back in seconds without a login, and the pages go on meanwhile.

use std::time::Duration;

use rustix::process::Signal;

use crate::support::login::{ADMIN, STEP, ready_account};
use crate::support::processes;
use crate::support::stack::Stack;
use crate::support::visitor::Visitor;
use crate::support::waiting::until;

/// A page's answer while a host is down.
const SOON: Duration = Duration::from_secs(3);

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
    let page = tokio::time::timeout(SOON, visitor.get("/accounts")).await.expect("the pages go on");
    assert_eq!(page.status(), 200);
    until("another host runs", STEP, async || {
        stack.parts().iter().any(|part| part.runs("td-host") && part.pid != host).then_some(())
    })
    .await;
    for row in &accounts {
        visitor.until_stage(&row.id, "ready", STEP).await;
    }
    assert_eq!(stack.phones().calls_in_all("auth.sendCode").await, asked, "nobody signed in again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_over_its_memory_mark_is_started_anew_at_a_quiet_time() {
    let stack = Stack::start_with_settings(&[("TD_HOST_MEMORY_MB", "1")]).await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let host = stack.td_host_pid();
    let account = ready_account(&stack, &visitor, None).await;
    until("another host runs", STEP * 2, async || {
        stack.parts().iter().any(|part| part.runs("td-host") && part.pid != host).then_some(())
    })
    .await;
    visitor.until_stage(&account.id, "ready", STEP).await;
    assert!(stack.log().contains("over its memory mark"), "{}", stack.log());
    assert_eq!(stack.phones().codes_asked_for(&account.phone).await, 1);
}
