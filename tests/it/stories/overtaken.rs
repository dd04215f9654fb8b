//! The answer to a form and the live updates come by different connections, so an update may overtake the answer.

use crate::support::browser::{Browser, Scripts};
use crate::support::login::{ADMIN, STEP, account_that_waits_for_a_code, sign_in};
use crate::support::stack::Stack;
use crate::support::visitor::Visitor;
use crate::support::waiting::until_true;

/// Holds answers back until the page is told to release them.
const HOLD: &str = "
    const { fetch } = window;
    const released = new Promise((resolve) => { window.release = resolve; });
    window.held = 0;
    window.fetch = async (url, options) => {
        const answer = await fetch(url, options);
        if (options?.method === 'POST') {
            window.held += 1;
            await released;
            setTimeout(() => { window.isReleased = true; }, 300);
        }
        return answer;
    };";

async fn released(browser: &Browser) {
    browser.run("window.release()").await;
    until_true("the answer is shown", STEP, async || browser.is_true("window.isReleased === true").await)
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_was_overtaken_does_not_bring_an_old_state_back() {
    let stack = Stack::start().await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let account = account_that_waits_for_a_code(&visitor).await;
    let page = format!("/accounts/{}", account.id);
    visitor.does(&format!("{page}/disconnect"), &[]).await;
    let browser = Browser::open(Scripts::On).await;
    sign_in(&browser, &stack).await;
    browser.before_each_page(HOLD).await;

    browser.goto(&stack.url(&page)).await;
    browser.click("#connect").await;
    until_true("the answer is held", STEP, async || browser.is_true("window.held === 1").await).await;
    browser.until_shown("#step[data-stage='wait-code']", STEP).await;
    visitor.does(&format!("{page}/disconnect"), &[]).await;
    browser.until_shown("#step[data-stage='disconnected']", STEP).await;
    released(&browser).await;
    assert!(browser.has("#step[data-stage='disconnected'] #connect:not([disabled])").await);
    assert!(!browser.has("#toasts .toast.bad").await);
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_error_of_an_answer_that_was_overtaken_is_shown() {
    let stack = Stack::start().await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let account = account_that_waits_for_a_code(&visitor).await;
    let page = format!("/accounts/{}", account.id);
    let browser = Browser::open(Scripts::On).await;
    sign_in(&browser, &stack).await;
    browser.before_each_page(HOLD).await;

    browser.goto(&stack.url(&page)).await;
    browser.fill("#code", "no code").await;
    browser.click("#continue").await;
    until_true("the answer is held", STEP, async || browser.is_true("window.held === 1").await).await;
    visitor.does(&format!("{page}/disconnect"), &[]).await;
    browser.until_shown("#step[data-stage='disconnected']", STEP).await;
    released(&browser).await;
    assert!(browser.has("#step[data-stage='disconnected'] #connect").await);
    assert!(browser.text("#toasts .toast.bad").await.contains("Wrong code."));
    browser.close().await;
}
