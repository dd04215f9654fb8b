//! The profile picture of an account's Telegram user: the real TDLib fetches it, and nothing of it lies on the disk as it
//! is.

use reqwest::StatusCode;
use telescope::domain::picture::MAX_BYTES;

use crate::support::browser::{Browser, Scripts};
use crate::support::login::{ADMIN, STEP, ready_account, sign_in};
use crate::support::stack::Stack;
use crate::support::visitor::{Row, Visitor, attribute};
use crate::support::waiting::{until, until_true};

/// The head of a PNG and some text.
fn png(text: &str) -> Vec<u8> {
    [b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\xa0\0\0\0\xa0\x08\x02\0\0\0".as_slice(), text.as_bytes()].concat()
}

/// The address of the picture on the account's page.
async fn shown(visitor: &Visitor, account: &Row) -> Option<String> {
    let page = visitor.get(&format!("/accounts/{}", account.id)).await.text().await.unwrap();
    let mut tags = page.split("<img ").filter_map(|rest| rest.split('>').next());
    attribute(tags.find(|tag| tag.starts_with("class=\"portrait\""))?, "src")
}

/// Waits until the page shows these bytes as the picture; returns their address.
async fn until_served(visitor: &Visitor, account: &Row, bytes: &[u8]) -> String {
    until("the page shows the picture", STEP, async || {
        let address = shown(visitor, account).await?;
        let served = visitor.get(&address).await.bytes().await.unwrap();
        // It may have changed after the page was loaded.
        let is_current = shown(visitor, account).await.as_ref() == Some(&address);
        (served == bytes && is_current).then_some(address)
    })
    .await
}

async fn until_none(visitor: &Visitor, account: &Row) {
    until_true("the page shows no picture", STEP, async || shown(visitor, account).await.is_none()).await;
    let address = format!("/accounts/{}/picture", account.id);
    assert_eq!(visitor.get(&address).await.status(), StatusCode::NOT_FOUND);
}

/// Whether one of Telescope's files contains this text.
fn lies_around(stack: &Stack, text: &str) -> bool {
    let contains = |bytes: Vec<u8>| bytes.windows(text.len()).any(|part| part == text.as_bytes());
    // A file may be removed meanwhile.
    stack.files().iter().any(|file| std::fs::read(file).is_ok_and(contains))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_appears_changes_survives_restarts_and_goes_with_the_account() {
    let mut stack = Stack::start().await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let account = ready_account(&stack, &visitor, None).await;
    assert_eq!(shown(&visitor, &account).await, None);
    stack.phones().set_picture(&account.phone, &png("the first picture")).await;
    let first = until_served(&visitor, &account, &png("the first picture")).await;
    stack.phones().set_picture(&account.phone, &png("the second picture")).await;
    let second = until_served(&visitor, &account, &png("the second picture")).await;
    assert_ne!(first, second, "open pages load it");
    until_true("TDLib's copy is deleted", STEP, async || {
        !lies_around(&stack, "the first picture") && !lies_around(&stack, "the second picture")
    })
    .await;

    // It is there after a crash, even if Telegram can't be reached, and is not fetched again.
    let fetched = stack.phones().calls("upload.getFile", &account.phone).await;
    stack.kill_telescope().await;
    stack.start_again().await;
    assert_eq!(shown(&visitor, &account).await, Some(second.clone()));
    until_served(&visitor, &account, &png("the second picture")).await;
    visitor.until_stage(&account.id, "ready", STEP).await;
    visitor.does(&format!("/accounts/{}/disconnect", account.id), &[]).await;
    visitor.until_stage(&account.id, "disconnected", STEP).await;
    assert_eq!(stack.phones().calls("upload.getFile", &account.phone).await, fetched);
    assert!(stack.stop().await.success());
    stack.start_again().await;
    assert_eq!(shown(&visitor, &account).await, Some(second), "also without a client");

    // What changed while it was disconnected is noticed when it connects.
    stack.phones().set_picture(&account.phone, &png("the third picture")).await;
    visitor.does(&format!("/accounts/{}/connect", account.id), &[]).await;
    until_served(&visitor, &account, &png("the third picture")).await;
    let other = Visitor::sign_in(&stack, "someone@example.org").await;
    let address = format!("/accounts/{}/picture", account.id);
    assert_eq!(other.get(&address).await.status(), StatusCode::NOT_FOUND);

    let digits = &account.phone[account.phone.len() - 4..];
    visitor.does(&format!("/accounts/{}/remove", account.id), &[("digits", digits)]).await;
    until_true("the account is gone", STEP * 2, async || visitor.rows().await.is_empty()).await;
    assert_eq!(visitor.get(&address).await.status(), StatusCode::NOT_FOUND);
    assert!(stack.stop().await.success());
    assert!(!lies_around(&stack, "the third picture"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_small_picture_takes_the_place_of_none() {
    let stack = Stack::start().await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let account = ready_account(&stack, &visitor, None).await;
    let phones = stack.phones();
    let mut huge = png("huge");
    huge.resize(MAX_BYTES + 1, 0);
    let mut endless = png("endless");
    endless.resize(MAX_BYTES * 10, 0);
    let mut wide = png("wide");
    wide[16] = 0x7f;
    for wrong in [
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>".to_vec(),
        b"<!doctype html><script>alert(1)</script>".to_vec(),
        b"GIF89a\x01\0\x01\0".to_vec(),
        huge,
        endless,
        wide,
    ] {
        phones.set_picture(&account.phone, &png("a good picture")).await;
        until_served(&visitor, &account, &png("a good picture")).await;
        phones.set_picture(&account.phone, &wrong).await;
        until_none(&visitor, &account).await;
    }
    // TDLib stops soon after the limit.
    let fetched = stack.phones().calls("upload.getFile", &account.phone).await;
    assert!(fetched < 60, "{fetched}");
    let mut largest = png("the largest");
    largest.resize(MAX_BYTES, 0);
    phones.set_picture(&account.phone, &largest).await;
    until_served(&visitor, &account, &largest).await;
    phones.set_picture(&account.phone, &[]).await;
    until_none(&visitor, &account).await;
    assert!(!lies_around(&stack, "alert(1)") && !lies_around(&stack, "endless"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_page_shows_another_picture_as_soon_as_telegram_has_it() {
    let stack = Stack::start().await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let account = ready_account(&stack, &visitor, None).await;
    let browser = Browser::open(Scripts::On).await;
    sign_in(&browser, &stack).await;
    browser.goto(&stack.url(&format!("/accounts/{}", account.id))).await;
    browser.mark().await;
    assert_eq!(browser.text("#heading .portrait").await.chars().count(), 2);
    browser.pictures("portrait-initials").await;
    const IS_DRAWN: &str = "document.querySelector('#heading img.portrait')?.naturalWidth === 160";
    let mut known = String::new();
    for name in ["portrait", "portrait-changed"] {
        stack.phones().generate_picture(&account.phone).await;
        until_true("another picture is drawn", STEP, async || {
            let source = "document.querySelector('#heading img.portrait')?.src ?? ''";
            let source: String = browser.value(source).await;
            let is_new = source != known && browser.is_true(IS_DRAWN).await;
            if is_new {
                known = source;
            }
            is_new
        })
        .await;
        browser.pictures(name).await;
    }
    stack.phones().set_picture(&account.phone, &[]).await;
    browser.until_shown("#heading span.portrait", STEP).await;
    assert!(browser.is_marked().await, "the page was not loaded again");
    assert_eq!(browser.complaints().await, Vec::<String>::new());
    browser.close().await;
}
