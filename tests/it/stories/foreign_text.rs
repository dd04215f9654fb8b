//! Untrusted text in a browser: a Telegram name and messages with scripts and bidirectional controls.

use crate::support::browser::{Browser, Scripts};
use crate::support::login::{ADMIN, STEP, account_that_waits_for_a_code, give_code, row, sign_in};
use crate::support::stack::Stack;
use crate::support::visitor::Visitor;
use crate::support::waiting::until_true;

#[tokio::test(flavor = "multi_thread")]
async fn a_hostile_name_is_shown_as_text() {
    let stack = Stack::start().await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let browser = Browser::open(Scripts::On).await;
    sign_in(&browser, &stack).await;
    browser.record("data-stage").await;
    for name in ["<script>alert(1)</script>", "\u{202e}nimda\u{2066}", "<img src=x onerror=alert(1)>"] {
        let account = account_that_waits_for_a_code(&visitor).await;
        stack.phones().set_name(&account.phone, name).await;
        give_code(&stack, &visitor, &account).await;
        visitor.until_stage(&account.id, "ready", STEP).await;
        // Live first, then loaded.
        let plain: String = name.chars().filter(char::is_ascii).collect();
        let bdi = format!("{} bdi", row(&account.phone));
        let shown = async || browser.has(&bdi).await && browser.text(&bdi).await.contains(&plain);
        until_true("the name is on the open page", STEP, shown).await;
        let page = stack.url(&format!("/accounts/{}", account.id));
        for _ in 0..2 {
            let script = "document.querySelectorAll('main script, main img').length === 0";
            assert!(browser.is_true(script).await, "{name} created an element");
            browser.goto(&page).await;
            until_true("the name is in the facts", STEP, async || {
                browser.text("#whole").await.contains(&plain)
            })
            .await;
            assert!(browser.is_true("document.querySelector('#facts bdi') !== null").await);
        }
        for text in ["\u{202e}<script>alert(2)</script> Login code: 01234", "\0\0", &"\u{2066}".repeat(4000)]
        {
            stack.phones().send_message(&account.phone, text).await;
        }
        until_true("the code in a hostile message is found", STEP, async || {
            browser.text("#step").await.contains("login code received")
        })
        .await;
        browser.goto(&stack.url("/accounts")).await;
    }
    assert_eq!(browser.complaints().await, [""; 0]);
    browser.close().await;
}
