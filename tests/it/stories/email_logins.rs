//! Logins in which Telegram sends codes by e-mail, and those of numbers that can't log in at once.

use crate::support::login::{ADMIN, STEP, act, added_account, ask, give, give_code, token};
use crate::support::stack::Stack;
use crate::support::visitor::{Row, Visitor};

async fn shown(visitor: &Visitor, account: &Row) -> String {
    visitor.get(&format!("/accounts/{}", account.id)).await.text().await.unwrap()
}

/// An account whose phone exists already, so that a test can prepare it.
async fn prepared_account(stack: &Stack, visitor: &Visitor) -> Row {
    let account = added_account(visitor).await;
    stack.phones().add(&account.phone).await;
    account
}

/// Submits something wrong and returns what is said.
async fn refused(visitor: &Visitor, account: &Row, field: &str, value: &str) -> String {
    let page = format!("/accounts/{}", account.id);
    let token = token(visitor, &page).await;
    let answer = visitor.post(&format!("{page}/provide"), &[("token", &token), (field, value)]).await;
    let (status, said) = (answer.status().as_u16(), answer.text().await.unwrap());
    assert_eq!(status, 422, "{said}");
    said
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_email_address_is_set_when_telegram_asks_for_one() {
    let stack = Stack::start().await;
    let phones = stack.phones();
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let account = prepared_account(&stack, &visitor).await;
    phones.require_login_email(&account.phone).await;
    ask(&visitor, &account).await;
    visitor.until_stage(&account.id, "wait-email-address", STEP).await;
    let said = refused(&visitor, &account, "email", "nonsense").await;
    assert!(said.contains("email-error"), "{said}");
    give(&visitor, &account, "email", "login@example.org").await;
    visitor.until_stage(&account.id, "wait-email-code", STEP).await;
    give(&visitor, &account, "email-code", &phones.code(&account.phone).await).await;
    visitor.until_stage(&account.id, "wait-code", STEP).await;
    give_code(&stack, &visitor, &account).await;
    visitor.until_stage(&account.id, "ready", STEP).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_by_email_logs_in() {
    let stack = Stack::start().await;
    let phones = stack.phones();
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let account = prepared_account(&stack, &visitor).await;
    phones.set_login_email(&account.phone, "login@example.org", 60).await;
    ask(&visitor, &account).await;
    visitor.until_stage(&account.id, "wait-email-code", STEP).await;
    assert!(shown(&visitor, &account).await.contains("Reset e-mail address"));
    let code = phones.code(&account.phone).await;
    let wrong = if code == "111111" { "222222" } else { "111111" };
    let said = refused(&visitor, &account, "email-code", wrong).await;
    assert!(said.contains("Wrong e-mail code") && said.contains("email-code-error"), "{said}");
    give(&visitor, &account, "email-code", &code).await;
    visitor.until_stage(&account.id, "ready", STEP).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_login_email_address_that_no_one_reads_is_reset() {
    let stack = Stack::start().await;
    let phones = stack.phones();
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let account = prepared_account(&stack, &visitor).await;
    phones.set_login_email(&account.phone, "lost@example.org", 60).await;
    ask(&visitor, &account).await;
    visitor.until_stage(&account.id, "wait-email-code", STEP).await;
    act(&visitor, &account, "reset-email").await;
    let said = shown(&visitor, &account).await;
    assert!(
        said.contains("is being reset") && said.contains("requested to reset the login e-mail"),
        "{said}"
    );
    phones.set_clock(61).await;
    act(&visitor, &account, "reset-email").await;
    visitor.until_stage(&account.id, "wait-code", STEP).await;
    give_code(&stack, &visitor, &account).await;
    visitor.until_stage(&account.id, "ready", STEP).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_two_step_password_is_replaced_with_a_code_by_email() {
    let stack = Stack::start().await;
    let phones = stack.phones();
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let account = prepared_account(&stack, &visitor).await;
    phones.set_recoverable_password(&account.phone, "lost", "recovery@example.org").await;
    ask(&visitor, &account).await;
    visitor.until_stage(&account.id, "wait-code", STEP).await;
    give_code(&stack, &visitor, &account).await;
    visitor.until_stage(&account.id, "wait-password", STEP).await;
    act(&visitor, &account, "recover-password").await;
    let said = shown(&visitor, &account).await;
    assert!(said.contains("Recovery code") && said.contains("Telegram sent it to"), "{said}");
    let code = phones.code(&account.phone).await;
    let wrong = if code == "111111" { "222222" } else { "111111" };
    let said = refused(&visitor, &account, "recovery-code", wrong).await;
    assert!(said.contains("recovery-code-error"), "{said}");
    let page = format!("/accounts/{}", account.id);
    let form = token(&visitor, &page).await;
    let form = [("token", form.as_str()), ("recovery-code", code.as_str()), ("new-password", "found again")];
    visitor.does(&format!("{page}/provide"), &form).await;
    visitor.until_stage(&account.id, "ready", STEP).await;

    // The new one is asked for at the next login.
    phones.revoke(&account.phone).await;
    visitor.until_stage(&account.id, "ended", STEP).await;
    ask(&visitor, &account).await;
    visitor.until_stage(&account.id, "wait-code", STEP).await;
    give_code(&stack, &visitor, &account).await;
    visitor.until_stage(&account.id, "wait-password", STEP).await;
    give(&visitor, &account, "password", "found again").await;
    visitor.until_stage(&account.id, "ready", STEP).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_number_is_registered_in_the_test_environment() {
    let stack = Stack::start().await;
    let phones = stack.phones();
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let account = prepared_account(&stack, &visitor).await;
    phones.set_account(&account.phone, "unregistered").await;
    ask(&visitor, &account).await;
    visitor.until_stage(&account.id, "wait-code", STEP).await;
    give_code(&stack, &visitor, &account).await;
    visitor.until_stage(&account.id, "wait-registration", STEP).await;
    let said = refused(&visitor, &account, "first-name", " ").await;
    assert!(said.contains("Enter a first name"), "{said}");
    give(&visitor, &account, "first-name", "Grace").await;
    visitor.until_stage(&account.id, "ready", STEP).await;
    assert!(shown(&visitor, &account).await.contains("Grace"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_number_that_needs_premium_says_so() {
    let stack = Stack::start().await;
    let phones = stack.phones();
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let account = prepared_account(&stack, &visitor).await;
    phones.require_premium(&account.phone, true).await;
    ask(&visitor, &account).await;
    visitor.until_stage(&account.id, "wait-premium", STEP).await;
    let said = shown(&visitor, &account).await;
    assert!(said.contains("requires Premium") && said.contains("Use a QR code instead"), "{said}");
    // Telegram sends the code of the waiting login once it no longer requires Premium.
    phones.require_premium(&account.phone, false).await;
    visitor.until_stage(&account.id, "wait-code", STEP).await;
    give_code(&stack, &visitor, &account).await;
    visitor.until_stage(&account.id, "ready", STEP).await;
}
