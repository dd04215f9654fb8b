//! More open pages than one person may have: the last one says so, and goes on by itself when there is room.

use std::time::Duration;

use crate::support::browser::{Browser, Scripts};
use crate::support::login::{ADMIN, STEP, added_account, row, sign_in};
use crate::support::stack::Stack;
use crate::support::visitor::Visitor;
use crate::support::waiting::until_true;

/// A page without a live connection tries to get one at least that often, and a busy machine takes its time.
const NEXT_TRY: Duration = Duration::from_secs(120);

#[tokio::test(flavor = "multi_thread")]
async fn a_page_too_many_says_so_until_another_is_closed() {
    let stack = Stack::start_with_settings(&[("STREAMS_PER_USER", "1")]).await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let one = Browser::open(Scripts::On).await;
    sign_in(&one, &stack).await;
    let first = added_account(&visitor).await;
    one.until_shown(&row(&first.phone), STEP).await;

    let other = Browser::open(Scripts::On).await;
    sign_in(&other, &stack).await;
    other.find(&row(&first.phone)).await;
    until_true("the other says so", STEP, async || {
        other.text("#live-state").await.starts_with("Too many open tabs")
    })
    .await;
    let second = added_account(&visitor).await;
    one.until_shown(&row(&second.phone), STEP).await;
    assert!(!other.has(&row(&second.phone)).await, "it does not change by itself");

    one.close().await;
    until_true("the other is live", NEXT_TRY, async || other.has(&row(&second.phone)).await).await;
    until_true("it no longer says so", STEP, async || other.has("#live-state:empty").await).await;
    other.close().await;
}

/// Over HTTP/1.1 a browser has six connections to a server for all its windows.
#[tokio::test(flavor = "multi_thread")]
async fn eight_windows_of_one_browser_stay_usable() {
    let stack = Stack::start().await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let account = added_account(&visitor).await;
    let browser = Browser::open(Scripts::On).await;
    sign_in(&browser, &stack).await;
    browser.until_shown(&row(&account.phone), STEP).await;
    for _ in 1..8 {
        browser.another_window(&stack.url("/accounts")).await;
        browser.until_shown(&row(&account.phone), STEP).await;
    }
    let says_so = async || browser.text("#live-state").await.starts_with("Too many open tabs");
    until_true("the eighth says that it is not live", STEP, says_so).await;
    browser.goto(&stack.url("/audit")).await;
    browser.until_shown("#trail tr", STEP).await;
    browser.goto(&stack.url("/accounts")).await;
    until_true("the eighth says so again", STEP, says_so).await;
    let later = added_account(&visitor).await;
    browser.close_other_windows().await;
    browser.until_shown(&row(&later.phone), STEP).await;
    until_true("it is live", STEP, async || browser.has("#live-state:empty").await).await;
    browser.close().await;
}
