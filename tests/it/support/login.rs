//! The login that other tests start with, with a browser and without one.

use std::time::Duration;

use super::browser::{Browser, Scripts};
use super::stack::Stack;
use super::visitor::{Row, Visitor, attribute};
use super::waiting::{DEADLINE, until_true};

/// The administrator of every stack.
pub const ADMIN: &str = "admin@example.org";
/// How long a step at Telegram may take, on a busy machine.
pub const STEP: Duration = DEADLINE;

/// Signs in with the browser.
pub async fn sign_in(browser: &Browser, stack: &Stack) {
    browser.goto(&stack.url("/")).await;
    browser.fill("[name='email']", ADMIN).await;
    browser.press("Sign in", "main").await;
    browser.find("form[action='/sign-out']").await;
}

/// Signs in with the browser and adds a test account; returns its number.
pub async fn add_test_account(browser: &Browser, stack: &Stack) -> String {
    sign_in(browser, stack).await;
    browser.mark().await;
    browser.press("Add test account", "main").await;
    if browser.scripts() == Scripts::Off {
        browser.goto(&stack.url("/accounts")).await;
    }
    browser.until_shown("tr[data-stage='signed-out']", STEP).await;
    let row = browser.find("tr[data-stage='signed-out']").await;
    row.attr("data-phone").await.unwrap().expect("the row says its number")
}

/// Where the next step of an account is shown: in the dialog, or on a page.
pub const fn place(scripts: Scripts) -> &'static str {
    match scripts {
        Scripts::On => "#dialog",
        Scripts::Off => "main",
    }
}

/// From the accounts page: opens the account's next step and requests a code.
pub async fn ask_for_code(browser: &Browser, number: &str) {
    browser.click(&format!("{} .actions a", row(number))).await;
    browser.press("Send login code", place(browser.scripts())).await;
    browser.find("[name='code']").await;
}

/// Types into the field of the present step and sends the form.
pub async fn provide(browser: &Browser, field: &str, value: &str) {
    browser.fill(&format!("[name='{field}']"), value).await;
    browser.press("Continue", place(browser.scripts())).await;
}

/// Acts as the owner of the number: reads the code on the phone and knows the two-step password.
pub async fn read_phone(browser: &Browser, stack: &Stack, number: &str, password: &str) -> String {
    browser
        .meanwhile(&stack.phones().url(), async || {
            let phone = format!("#p{number}");
            browser.click(&format!("{phone} summary")).await;
            browser.fill(&format!("{phone} [name='password']"), password).await;
            browser.press("Set", &phone).await;
            browser.find(&format!("{phone} .badge")).await;
            browser.text(&format!("{phone} .code")).await
        })
        .await
}

/// Returns to the accounts page, if necessary, and waits until the row shows the status.
pub async fn until_stage(browser: &Browser, stack: &Stack, number: &str, stage: &str) {
    let shown = format!("{}[data-stage='{stage}']", row(number));
    if browser.scripts() == Scripts::On {
        return browser.until_shown(&shown, STEP).await;
    }
    // The response to a form that was just sent may still navigate the browser elsewhere.
    let list = stack.url("/accounts");
    until_true(&shown, STEP, async || {
        browser.goto(&list).await;
        browser.has(&shown).await
    })
    .await;
}

/// The row of a number.
pub fn row(number: &str) -> String {
    format!("tr[data-phone='{number}']")
}

/// Adds a test account without a browser; it is not logged in yet.
pub async fn added_account(visitor: &Visitor) -> Row {
    let before = visitor.rows().await;
    visitor.does("/accounts/add-test", &[]).await;
    let is_new = |row: &Row| before.iter().all(|known| known.id != row.id);
    let newest = visitor.rows().await.into_iter().find(is_new).expect("the account is listed");
    visitor.until_stage(&newest.id, "signed-out", STEP).await
}

/// An account for which a code was requested.
pub async fn account_that_waits_for_a_code(visitor: &Visitor) -> Row {
    let row = added_account(visitor).await;
    ask(visitor, &row).await;
    visitor.until_stage(&row.id, "wait-code", STEP).await
}

/// An account whose code was accepted and that has this two-step password.
pub async fn account_that_waits_for_a_password(stack: &Stack, visitor: &Visitor, password: &str) -> Row {
    let row = account_that_waits_for_a_code(visitor).await;
    stack.phones().set_password(&row.phone, password).await;
    give_code(stack, visitor, &row).await;
    visitor.until_stage(&row.id, "wait-password", STEP).await
}

/// A ready account, logged in without a browser, with the two-step password `password` if there is one.
pub async fn ready_account(stack: &Stack, visitor: &Visitor, password: Option<&str>) -> Row {
    let row = if let Some(password) = password {
        let row = account_that_waits_for_a_password(stack, visitor, password).await;
        give(visitor, &row, "password", password).await;
        row
    } else {
        let row = account_that_waits_for_a_code(visitor).await;
        give_code(stack, visitor, &row).await;
        row
    };
    visitor.until_stage(&row.id, "ready", STEP).await
}

/// Requests a code.
pub async fn ask(visitor: &Visitor, row: &Row) {
    act(visitor, row, "send-code").await;
}

/// Requests something of Telegram in the account's login.
pub async fn act(visitor: &Visitor, row: &Row, action: &str) {
    let page = format!("/accounts/{}", row.id);
    let token = token(visitor, &page).await;
    visitor.does(&format!("{page}/login-action"), &[("token", &token), ("action", action)]).await;
}

/// Reads the code on the phone and submits it.
pub async fn give_code(stack: &Stack, visitor: &Visitor, row: &Row) {
    let code = stack.phones().code(&row.phone).await;
    give(visitor, row, "code", &code).await;
}

/// Submits an input for the account's current stage.
pub async fn give(visitor: &Visitor, row: &Row, field: &str, value: &str) {
    let page = format!("/accounts/{}", row.id);
    let token = token(visitor, &page).await;
    visitor.does(&format!("{page}/provide"), &[("token", &token), (field, value)]).await;
}

/// The token of the current step's form.
pub async fn token(visitor: &Visitor, page: &str) -> String {
    let page = visitor.get(&format!("{page}/provide")).await.text().await.unwrap();
    let tag = page.split("<input ").find(|tag| tag.contains("name=\"token\"")).expect("the step has a form");
    attribute(tag, "value").expect("the token has a value")
}
