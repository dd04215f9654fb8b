//! Processes die at the worst moment. No account is lost, and no start requests a code.

use std::time::Duration;

use crate::support::browser::{Browser, Scripts};
use crate::support::login::{ADMIN, STEP, ready_account, row, sign_in};
use crate::support::processes::kill_hard;
use crate::support::stack::Stack;
use crate::support::visitor::Visitor;
use crate::support::waiting::{until, until_true};

const RECOVERY: Duration = Duration::from_secs(120);

#[tokio::test(flavor = "multi_thread")]
async fn telegrams_server_is_restarted() {
    let stack = Stack::start().await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let account = ready_account(&stack, &visitor, None).await;
    let phones = stack.phones();
    let page = format!("/accounts/{}", account.id);

    let dead = stack.server_pid();
    kill_hard(dead);
    stack.until_another_server(dead).await;
    assert_ne!(phones.server_pid().await, i64::from(dead));
    assert_eq!(visitor.until_stage(&account.id, "ready", STEP).await, account);

    // TDLib is connected again if it receives messages.
    phones.send_message(&account.phone, "Login code: 55555. Do not give it to anyone.").await;
    until_true("the message arrives", RECOVERY, async || {
        visitor.get(&page).await.text().await.unwrap().contains("login code received")
    })
    .await;
    assert_eq!(visitor.rows().await, std::slice::from_ref(&account), "the account was ready all the time");
    assert_eq!(phones.codes_asked_for(&account.phone).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_reconnect_after_their_td_host_dies() {
    let stack = Stack::start().await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let account = ready_account(&stack, &visitor, Some("secret")).await;
    let browser = Browser::open(Scripts::On).await;
    sign_in(&browser, &stack).await;
    browser.until_shown(&format!("{}[data-stage='ready']", row(&account.phone)), STEP).await;
    browser.record("data-stage").await;

    let dead = stack.td_host_pid();
    kill_hard(dead);
    until("the page shows the reconnection", RECOVERY, async || {
        let seen = browser.recorded().await;
        let gone = seen.iter().position(|stage| stage == "reconnecting")?;
        seen.iter().skip(gone).any(|stage| stage == "ready").then_some(())
    })
    .await;
    assert_ne!(stack.td_host_pid(), dead);
    assert!(!browser.recorded().await.iter().any(|stage| stage == "signed-out"));
    assert_eq!(stack.phones().codes_asked_for(&account.phone).await, 1);
    assert_eq!(browser.complaints().await, [""; 0]);
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_are_ready_after_telescope_was_killed() {
    let mut stack = Stack::start().await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let account = ready_account(&stack, &visitor, Some("secret")).await;

    stack.kill_telescope().await;
    stack.start_again().await;
    // The web session survived, too.
    visitor.until_stage(&account.id, "ready", STEP).await;
    assert_eq!(stack.phones().codes_asked_for(&account.phone).await, 1, "a start requests no code");

    stack.kill_all();
    stack.start_again().await;
    visitor.until_stage(&account.id, "ready", STEP).await;
    assert_eq!(stack.phones().codes_asked_for(&account.phone).await, 1);
}
