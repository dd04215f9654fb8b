//! An auditor searches the audit log, sees new entries appear, and exports the results.

use crate::support::browser::{Browser, SOON, Scripts};
use crate::support::driver::Engine;
use crate::support::login::{ADMIN, STEP, ready_account, sign_in};
use crate::support::stack::Stack;
use crate::support::visitor::Visitor;
use crate::support::waiting::until_true;

/// The key with the arrow to the right.
const RIGHT: &str = "\u{E014}";

/// Looks for what a person did from the beginning of a year on.
async fn finds(browser: &Browser, person: &str, year: u16) {
    browser.fill("#actor", person).await;
    // As it is typed into the field for a time: month, day, year, hour, minute, half of the day.
    let next = match browser.engine() {
        Engine::Chromium => RIGHT,
        // It goes on by itself after four digits of a year.
        Engine::Firefox => "",
    };
    browser.fill("#from", &format!("0101{year}{next}1200AM")).await;
    browser.press("Search", "main").await;
    browser.find(&format!("#actor[value='{person}']")).await;
}

async fn with_javascript(engine: Engine) {
    let picture = |name: &str| match engine {
        Engine::Chromium => name.to_owned(),
        Engine::Firefox => format!("{name}-firefox"),
    };
    let stack = Stack::start().await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let account = ready_account(&stack, &visitor, None).await;
    let browser = Browser::open_in(engine, Scripts::On).await;
    sign_in(&browser, &stack).await;
    browser.goto(&stack.url("/audit")).await;
    browser.pictures(&picture("audit")).await;
    let first = browser.text("#audit-entries tr").await;

    browser.mark().await;
    visitor.does(&format!("/accounts/{}/disconnect", account.id), &[]).await;
    until_true("the new entry is on top", SOON, async || {
        browser.text("#audit-entries").await.contains("set to disconnected")
    })
    .await;
    assert_ne!(browser.text("#audit-entries tr").await, first);
    assert!(browser.is_marked().await, "the page was not reloaded");

    finds(&browser, "ADMIN@", 2020).await;
    assert!(
        !browser.text("#audit-entries").await.contains("telescope.started"),
        "Telescope itself is a different actor"
    );
    // Only matching entries appear on the page.
    visitor.does(&format!("/accounts/{}/connect", account.id), &[]).await;
    until_true("the matching entry is on top", SOON, async || {
        browser.text("#audit-entries tr").await.contains("set to connected")
    })
    .await;
    visitor.until_stage(&account.id, "ready", STEP).await;
    assert!(!browser.text("#audit-entries").await.contains("system:"), "entries of other actors don't match");
    browser.pictures(&picture("audit-found")).await;

    browser.goto(&stack.url("/audit?from=yesterday")).await;
    assert!(browser.text("#from-error").await.contains("Enter a date"));
    browser.pictures(&picture("audit-refused")).await;
    browser.close().await;
}

async fn without_javascript(engine: Engine) {
    let stack = Stack::start().await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    visitor.does("/accounts/add-test", &[]).await;
    let browser = Browser::open_in(engine, Scripts::Off).await;
    sign_in(&browser, &stack).await;
    browser.goto(&stack.url("/audit")).await;
    finds(&browser, "admin@", 2020).await;
    let found = browser.text("#audit-entries").await;
    assert!(found.contains("account.added") && !found.contains("telescope.started"), "{found}");
    finds(&browser, "Admin@", 2999).await;
    assert!(browser.text("#audit-empty").await.contains("No matching entries"));

    let form = [("format", "csv"), ("actor", "admin@"), ("code", "account.added")];
    let file = visitor.post("/audit/export", &form).await.text().await.unwrap();
    let lines: Vec<&str> = file.split_terminator("\r\n").collect();
    assert_eq!(lines.len(), 3, "{file}");
    assert!(lines[1].contains("account.added") && lines[2].starts_with("\"end\",\"1 entries"), "{file}");
    browser.goto(&stack.url("/audit?code=audit.exported")).await;
    assert!(browser.text("#audit-entries").await.contains("exported the audit log as csv"));
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_auditor_finds_entries_and_sees_new_ones() {
    with_javascript(Engine::Chromium).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_auditor_finds_entries_and_sees_new_ones_in_firefox() {
    with_javascript(Engine::Firefox).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_auditor_without_javascript_does_the_same() {
    without_javascript(Engine::Chromium).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_auditor_without_javascript_does_the_same_in_firefox() {
    without_javascript(Engine::Firefox).await;
}
