//! Changes by one person appear at once for another one, within their own filter, and don't disturb their typing.

use std::time::Duration;

use crate::support::browser::{Browser, Scripts};
use crate::support::driver::Engine;
use crate::support::login::{
    ADMIN, STEP, account_that_waits_for_a_code, provide, ready_account, row, sign_in,
};
use crate::support::stack::Stack;
use crate::support::visitor::Visitor;
use crate::support::waiting::until_true;

/// On an idle machine it takes a fraction of a second, which `make bench` measures. Without an event, a page checks every
/// 15 seconds.
const AT_ONCE: Duration = Duration::from_secs(12);

async fn story(engine: Engine) {
    let stack = Stack::start().await;
    let phones = stack.phones();
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let always = ready_account(&stack, &visitor, None).await;
    let account = account_that_waits_for_a_code(&visitor).await;
    let (one, other) =
        (Browser::open_in(engine, Scripts::On).await, Browser::open_in(engine, Scripts::On).await);
    sign_in(&one, &stack).await;
    sign_in(&other, &stack).await;
    other.goto(&stack.url("/accounts?stage=ready")).await;
    other.find(&row(&always.phone)).await;
    let its_row = row(&account.phone);
    assert!(!other.has(&its_row).await, "it is not ready");
    other.mark().await;
    // The common beginning of both accounts' comments.
    other.fill("#q", "test acc").await;
    let types_on = "document.activeElement.id === 'q' && document.activeElement.value === 'test acc'";
    assert!(other.is_true(types_on).await);

    one.click(&format!("{its_row} .actions a")).await;
    provide(&one, "code", &phones.code(&account.phone).await).await;
    one.until_shown(&format!("{its_row}[data-stage='ready']"), STEP).await;
    until_true("the row appears on the other page", AT_ONCE, async || other.has(&its_row).await).await;
    assert!(other.is_true(types_on).await, "typing goes on");

    // A form in the dialog, while the rows behind it change.
    other.press("Add account", "main").await;
    other.fill("#dialog #phone", "+49 1").await;
    one.goto(&stack.url(&format!("/accounts/{}", account.id))).await;
    one.press("Disconnect", "main").await;
    one.until_shown("#step[data-stage='disconnected']", STEP).await;
    until_true("the row disappears from the other page", AT_ONCE, async || !other.has(&its_row).await).await;
    assert!(other.has(&row(&always.phone)).await);
    let types_on = "document.activeElement.id === 'phone' && document.activeElement.value === '+49 1'";
    assert!(other.is_true(types_on).await, "typing in the dialog goes on");
    assert!(other.is_marked().await, "the page was not reloaded");
    for browser in [one, other] {
        assert_eq!(browser.complaints().await, [""; 0]);
        browser.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_appear_at_once_for_others() {
    story(Engine::Chromium).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_appear_at_once_for_others_in_firefox() {
    story(Engine::Firefox).await;
}
