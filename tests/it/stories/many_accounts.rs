//! Something is done with many accounts at once, by a task that outlives the server and says what became of each.

mod rotation;

use crate::support::browser::{Browser, Scripts};
use crate::support::edit_form::edit;
use crate::support::login::{ADMIN, STEP, added_account, ready_account, sign_in};
use crate::support::sqlite;
use crate::support::stack::Stack;
use crate::support::visitor::{Row, Visitor};
use crate::support::waiting::{until, until_true};

fn checkbox(row: &Row) -> String {
    format!("#select-{}", row.id)
}

/// Selects an account, unless it is selected.
async fn select(browser: &Browser, row: &Row) {
    if !browser.has(&format!("{}:checked", checkbox(row))).await {
        browser.click(&checkbox(row)).await;
    }
}

/// Chooses an action of the list, and goes on to the page about it.
async fn choose(browser: &Browser, action: &str) {
    browser.click(&format!("#action option[value='{action}']")).await;
    browser.press("Continue…", "#selection").await;
    browser.find("main h1").await;
}

/// Whether Telegram accepts the stored two-step password of the account.
async fn is_valid(visitor: &Visitor, id: &str) -> bool {
    let path = format!("/accounts/{id}/two-step");
    let next = until("Telegram is asked", STEP, async || {
        let answer = visitor.post(&path, &[("do", "check")]).await;
        Some(answer.headers().get("location")?.to_str().ok()?.to_owned())
    })
    .await;
    next.ends_with("?done=valid")
}

async fn wanted(stack: &Stack, wanted: &str) -> i64 {
    let sql = match wanted {
        "connected" => "select count(*) from accounts where wanted = 'connected'",
        _ => "select count(*) from accounts where wanted = 'disconnected'",
    };
    sqlite::number(&stack.data("telescope.db"), sql).await
}

async fn many_accounts_are_changed(scripts: Scripts) {
    let stack = Stack::start().await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let (one, other) =
        (ready_account(&stack, &visitor, None).await, ready_account(&stack, &visitor, None).await);
    let third = added_account(&visitor).await;
    let browser = Browser::open(scripts).await;
    sign_in(&browser, &stack).await;
    browser.until_shown(&checkbox(&third), STEP).await;

    // Nothing is selected.
    choose(&browser, "disconnect").await;
    assert!(browser.text("main .error, main .note.bad").await.contains("Select at least one account"));

    // All that are shown get another two-step password; of one it can't be changed.
    browser.goto(&stack.url("/accounts")).await;
    browser.click("#select-all").await;
    if scripts == Scripts::On {
        assert_eq!(browser.text("[data-selected]").await, "3 selected");
    }
    browser.pictures("many-accounts-1-selected").await;
    choose(&browser, "new-two-step-password").await;
    assert!(browser.text("#may-fail").await.contains("isn't connected and logged in"));
    browser.pictures("many-accounts-2-preview").await;
    browser.press("Start for 3 accounts", "main").await;
    browser.until_shown("#job .job-head .badge.bad", STEP).await;
    assert!(browser.text("#job .job-head").await.contains("2 of 3 done"));
    assert!(browser.text("#failed-lines").await.contains("1 failed"));
    assert!(browser.text("#lines tr:first-child").await.contains("isn't connected and logged in"));
    browser.pictures("many-accounts-3-job").await;
    for row in [&one, &other] {
        assert!(is_valid(&visitor, &row.id).await);
        assert_eq!(stack.phones().phone(&row.phone).await.unwrap()["password"], true);
    }

    // The third one is given up: the others are disconnected, and it is left as it is.
    browser.goto(&stack.url("/accounts")).await;
    select(&browser, &one).await;
    select(&browser, &other).await;
    choose(&browser, "disconnect").await;
    assert!(!browser.text("#ready").await.contains(&third.phone[third.phone.len() - 4..]));
    browser.press("Start for 2 accounts", "main").await;
    browser.until_shown("#job .job-head .badge.good", STEP).await;
    assert_eq!([wanted(&stack, "disconnected").await, wanted(&stack, "connected").await], [2, 1]);

    // The owner of all of them changes, after a mistake.
    browser.goto(&stack.url("/accounts")).await;
    browser.click("#select-all").await;
    choose(&browser, "change-owner").await;
    browser.run("document.querySelector('#owner').type = 'text'").await;
    browser.fill("#owner", "ada").await;
    browser.press("Review changes", "main").await;
    if scripts == Scripts::On {
        assert!(browser.text("#owner-error").await.contains("isn't an e-mail address"));
    }
    browser.fill("#owner", "ada@example.org").await;
    browser.press("Review changes", "main").await;
    browser.press("Start for 3 accounts", "main").await;
    browser.until_shown("#job .job-head .badge.good", STEP).await;
    browser.press("View report", "main").await;
    browser.find("#lines").await;
    assert!(browser.text("#lines").await.contains("Change owner to ada@example.org"));
    browser.pictures("many-accounts-4-report").await;
    browser.goto(&stack.url("/accounts?owner=ada%40example.org")).await;
    for row in [&one, &other, &third] {
        browser.find(&checkbox(row)).await;
    }
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_javascript() {
    many_accounts_are_changed(Scripts::On).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_javascript() {
    many_accounts_are_changed(Scripts::Off).await;
}

/// The list follows what happens, and what is selected in it stays selected.
#[tokio::test(flavor = "multi_thread")]
async fn the_selection_stays_while_the_list_changes() {
    let stack = Stack::start().await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let (one, other) = (added_account(&visitor).await, added_account(&visitor).await);
    let browser = Browser::open(Scripts::On).await;
    sign_in(&browser, &stack).await;
    browser.find(&checkbox(&one)).await;
    select(&browser, &one).await;
    assert_eq!(browser.text("[data-selected]").await, "1 selected");
    let checked = async |row: &Row| browser.has(&format!("{}:checked", checkbox(row))).await;
    // Its own row, then the order and number of rows.
    edit(&visitor, &one.id, &[("comment", "A new comment")]).await;
    let shows = async || browser.text(&format!("#account-{}", one.id)).await.contains("A new comment");
    until_true("the row is changed", STEP, shows).await;
    assert!(checked(&one).await && !checked(&other).await);
    let third = added_account(&visitor).await;
    browser.find(&checkbox(&third)).await;
    assert!(checked(&one).await && !checked(&other).await && !checked(&third).await);
    // All are selected, and one is cleared again: that one is left out.
    browser.click("#select-all").await;
    until_true("all are selected", STEP, async || browser.text("[data-selected]").await == "3 selected")
        .await;
    browser.click(&checkbox(&other)).await;
    assert_eq!(browser.text("[data-selected]").await, "2 selected");
    choose(&browser, "disconnect").await;
    assert_eq!(browser.text("#ready .number").await, "2");
    browser.close().await;
}
