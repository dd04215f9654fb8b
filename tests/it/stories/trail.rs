//! An auditor looks for something in the trail, sees new entries come, and takes what fits out as a file.

use crate::support::browser::{Browser, SOON, Scripts};
use crate::support::login::{ADMIN, STEP, ready_account, sign_in};
use crate::support::stack::Stack;
use crate::support::visitor::Visitor;
use crate::support::waiting::until_true;

/// The key with the arrow to the right.
const RIGHT: char = '\u{E014}';

/// Looks for what a person did from the beginning of a year on.
async fn finds(browser: &Browser, person: &str, year: u16) {
    browser.fill("#actor", person).await;
    // As it is typed into the field for a time: month, day, year, hour, minute, half of the day.
    browser.fill("#from", &format!("0101{year}{RIGHT}1200AM")).await;
    browser.press("Search", "main").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_auditor_finds_what_happened_and_sees_it_happen() {
    let stack = Stack::start().await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let account = ready_account(&stack, &visitor, None).await;
    let browser = Browser::open(Scripts::On).await;
    sign_in(&browser, &stack).await;
    browser.goto(&stack.url("/audit")).await;
    browser.pictures("audit").await;
    let first = browser.text("#trail tr").await;

    browser.mark().await;
    visitor.does(&format!("/accounts/{}/disconnect", account.id), &[]).await;
    until_true("the new entry is on top", SOON, async || {
        browser.text("#trail").await.contains("set to disconnected")
    })
    .await;
    assert_ne!(browser.text("#trail tr").await, first);
    assert!(browser.is_marked().await, "the page was not loaded again");

    finds(&browser, "ADMIN@", 2020).await;
    browser.find("#actor[value='ADMIN@']").await;
    assert!(!browser.text("#trail").await.contains("telescope.started"), "Telescope is another actor");
    // What the page does not ask for does not appear on it, what it asks for does.
    visitor.does(&format!("/accounts/{}/connect", account.id), &[]).await;
    until_true("the entry that fits is on top", SOON, async || {
        browser.text("#trail tr").await.contains("set to connected")
    })
    .await;
    visitor.until_stage(&account.id, "ready", STEP).await;
    assert!(!browser.text("#trail").await.contains("system:"), "what others did is not asked for");
    browser.pictures("audit-found").await;

    browser.goto(&stack.url("/audit?from=yesterday")).await;
    assert!(browser.text("#from-error").await.contains("Enter a date"));
    browser.pictures("audit-refused").await;
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_auditor_without_scripts_does_the_same() {
    let stack = Stack::start().await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    visitor.does("/accounts/add-test", &[]).await;
    let browser = Browser::open(Scripts::Off).await;
    sign_in(&browser, &stack).await;
    browser.goto(&stack.url("/audit")).await;
    finds(&browser, "admin@", 2020).await;
    let found = browser.text("#trail").await;
    assert!(found.contains("account.added") && !found.contains("telescope.started"), "{found}");
    finds(&browser, "admin@", 2999).await;
    assert!(browser.text("#trail-empty").await.contains("No matching entries"));

    let form = [("format", "csv"), ("actor", "admin@"), ("code", "account.added")];
    let file = visitor.post("/audit/export", &form).await.text().await.unwrap();
    let lines: Vec<&str> = file.split_terminator("\r\n").collect();
    assert_eq!(lines.len(), 3, "{file}");
    assert!(lines[1].contains("account.added") && lines[2].starts_with("\"end\",\"1 entries"), "{file}");
    browser.goto(&stack.url("/audit?code=audit.exported")).await;
    assert!(browser.text("#trail").await.contains("exported the audit log as csv"));
    browser.close().await;
}
