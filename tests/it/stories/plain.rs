//! A person without JavaScript manages an account: everything is a page and a form.

use std::time::{Duration, Instant};

use crate::support::browser::{Browser, Scripts};
use crate::support::login::{ADMIN, STEP, ready_account, sign_in};
use crate::support::stack::Stack;
use crate::support::text::has_word;
use crate::support::visitor::{Row, Visitor};
use crate::support::waiting::until_true;

const MESSAGE: &str = "Login code: 01234. Do not give this code to anyone.";

async fn desk() -> (Stack, Visitor, Row, Browser) {
    let stack = Stack::start().await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let account = ready_account(&stack, &visitor, None).await;
    let browser = Browser::open(Scripts::Off).await;
    sign_in(&browser, &stack).await;
    browser.goto(&stack.url(&format!("/accounts/{}", account.id))).await;
    (stack, visitor, account, browser)
}

/// Waits until the page, which is not live, contains the words.
async fn until_page_says(browser: &Browser, url: &str, words: &str) {
    until_true(&format!("the page says {words:?}"), STEP, async || {
        browser.goto(url).await;
        browser.text("main").await.contains(words)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_edited_disconnected_and_connected_without_javascript() {
    let (stack, _, account, browser) = desk().await;
    let page = stack.url(&format!("/accounts/{}", account.id));

    browser.click(&format!("a[href$='/{}/edit']", account.id)).await;
    browser.fill("[name='owner']", "ada@example.org").await;
    browser.click("#groups summary").await;
    // More than the field takes from a keyboard.
    browser.run("document.getElementById('new_group').value = 'long '.repeat(20)").await;
    browser.fill("[name='comment']", "Blue SIM <b>in the safe</b>").await;
    browser.press("Save", "main").await;
    let wrong = browser.find("#new_group-error").await.text().await.unwrap();
    assert!(!wrong.is_empty(), "the field is named");
    let kept = browser.find("[name='comment']").await.prop("value").await.unwrap();
    assert_eq!(kept.as_deref(), Some("Blue SIM <b>in the safe</b>"), "typed text is kept");
    browser.pictures("edit-plain").await;
    browser.fill("[name='new_group']", "Front desk").await;
    browser.press("Save", "main").await;
    browser.find("#facts").await;
    let said = browser.text("main").await;
    for part in ["ada@example.org", "Front desk", "Blue SIM <b>in the safe</b>"] {
        assert!(said.contains(part), "{part}: {said}");
    }

    browser.click(&format!("a[href$='/{}/password']", account.id)).await;
    browser.fill("[name='password']", "a made up password").await;
    browser.press("Save", "main").await;
    browser.find("#facts").await;
    let said = browser.text("main").await;
    assert!(said.contains("Stored at") && !said.contains("made up password"), "{said}");

    browser.press("Disconnect", "main").await;
    until_page_says(&browser, &page, "isn't connected to this account").await;
    browser.press("Connect", "main").await;
    until_page_says(&browser, &page, "Logged in and ready").await;
    assert_eq!(stack.phones().codes_asked_for(&account.phone).await, 1, "connecting requests no code");
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_shown_for_a_minute_without_javascript() {
    let (stack, _, account, browser) = desk().await;
    let page = stack.url(&format!("/accounts/{}", account.id));
    stack.phones().send_message(&account.phone, MESSAGE).await;
    until_page_says(&browser, &page, "login code received").await;

    browser.click(&format!("a[href$='/{}/code']", account.id)).await;
    browser.press("Show login code", "main").await;
    assert!(!browser.find("#reason-error").await.text().await.unwrap().is_empty(), "a reason is required");
    assert!(!has_word(&browser.text("body").await, "01234"));
    browser.fill("[name='reason']", "A new phone for the front desk").await;
    // Started before the code is shown: part of its minute may have passed when the test first sees it.
    let asked = Instant::now();
    browser.press("Show login code", "main").await;
    until_true("the code is on the page", STEP, async || has_word(&browser.text("body").await, "01234"))
        .await;
    assert!(!browser.text("main").await.contains("Copy"), "there is no button that needs a script");
    browser.pictures("code-plain").await;

    until_true("the code disappears", STEP * 2, async || !has_word(&browser.text("body").await, "01234"))
        .await;
    assert!(asked.elapsed() > Duration::from_secs(50), "there was time to read it: {:?}", asked.elapsed());
    browser.find("#facts").await;
    let history = browser.text("main").await;
    assert!(history.contains("A new phone for the front desk"), "it is recorded: {history}");
    browser.close().await;
}
