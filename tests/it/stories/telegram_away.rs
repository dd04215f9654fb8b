//! Telegram is unreachable for a while. Open pages show that, until it is reachable again.

use std::time::Duration;

use rustix::process::Signal;

use crate::support::browser::{Browser, Scripts};
use crate::support::login::{ADMIN, STEP, added_account, ready_account, sign_in};
use crate::support::processes;
use crate::support::stack::Stack;
use crate::support::visitor::Visitor;
use crate::support::waiting::until_true;

const SAYS_SO: &str = "Telegram can't be reached";
/// TDLib notices a lost connection at once, and pages show it after five seconds.
const SOON: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn pages_show_an_outage_of_telegram_and_its_end() {
    let stack = Stack::start().await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let account = ready_account(&stack, &visitor, None).await;
    added_account(&visitor).await;
    let browser = Browser::open(Scripts::On).await;
    sign_in(&browser, &stack).await;
    browser.mark().await;
    assert!(!browser.text("#main").await.contains(SAYS_SO));

    // Stopped, not killed: the launcher would restart the server at once.
    processes::suspend(stack.launcher_pid()).await;
    let server = stack.server_pid();
    processes::kill_hard(server);
    until_true("the open list says so", SOON, async || browser.text("#main").await.contains(SAYS_SO)).await;
    browser.pictures("telegram-away").await;
    for path in ["/accounts".to_owned(), "/audit".into(), format!("/accounts/{}", account.id)] {
        assert!(visitor.get(&path).await.text().await.unwrap().contains(SAYS_SO), "{path} says so, too");
    }

    processes::signal(stack.launcher_pid(), Signal::CONT);
    stack.until_another_server(server).await;
    until_true("the open list no longer says so", STEP, async || {
        !browser.text("#main").await.contains(SAYS_SO)
    })
    .await;
    assert!(browser.is_marked().await, "the page was never reloaded");
    assert_eq!(browser.complaints().await, [""; 0]);
    visitor.until_stage(&account.id, "ready", STEP).await;
    assert_eq!(stack.phones().codes_asked_for(&account.phone).await, 1);
    browser.close().await;
}
