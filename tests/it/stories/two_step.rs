//! The two-step password is set, changed and checked at Telegram. Whatever is lost on the way, no password is.

use reqwest::Response;
use reqwest::header::LOCATION;
use tokio::task::JoinHandle;

use crate::support::browser::{Browser, Scripts};
use crate::support::login::{ADMIN, STEP, ask, give_code, ready_account, sign_in};
use crate::support::stack::Stack;
use crate::support::visitor::{Row, Visitor};
use crate::support::waiting::{until, until_true};

/// Spaces at both ends, letters of several scripts, and more than 64 characters.
const EXOTIC: &str = "  pässword пароль 密码 🗝 and a good deal more, so that it is longer than sixty-four  ";

const CHANGE: &[(&str, &str)] = &[("do", "change"), ("how", "generated")];

fn page(row: &Row) -> String {
    format!("/accounts/{}/two-step", row.id)
}

async fn text(visitor: &Visitor, path: &str) -> String {
    visitor.get(path).await.text().await.unwrap()
}

/// Sends a form that is refused; returns the page.
async fn refused(visitor: &Visitor, row: &Row, form: &[(&str, &str)]) -> String {
    let answer = visitor.post(&page(row), form).await;
    let status = answer.status();
    let shown = answer.text().await.unwrap();
    assert!(status == 422 || status == 409, "{status}: {shown}");
    shown
}

/// Whether Telegram accepts the stored password.
async fn is_valid(visitor: &Visitor, row: &Row) -> bool {
    // What was found out is in the log a moment before the next request is accepted.
    let checked = async || {
        let answer = visitor.post(&page(row), &[("do", "check")]).await;
        let next = answer.headers().get(LOCATION)?.to_str().ok()?.to_owned();
        Some(next)
    };
    let next = until("Telegram is asked", STEP, checked).await;
    assert!(next.ends_with("?done=valid") || next.ends_with("?done=invalid"), "{next}");
    next.ends_with("?done=valid")
}

/// Waits until it is known which password is valid; returns what the log says.
async fn settled(visitor: &Visitor, row: &Row) -> String {
    let log = format!("/audit?account={}&code=password.settled", row.id);
    let found = async || Some(text(visitor, &log).await).filter(|log| log.contains("found out"));
    let log = until("it is known which password is valid", STEP, found).await;
    assert!(!text(visitor, &page(row)).await.contains("id=\"unsettled\""));
    log
}

/// The page before may still be there.
async fn until_it_says(browser: &Browser, place: &str, words: &str) {
    let says = async || browser.has(place).await && browser.text(place).await.contains(words);
    until_true(&format!("the page says {words:?}"), STEP, says).await;
}

async fn a_password_is_set_and_changed(scripts: Scripts) {
    let stack = Stack::start().await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let account = ready_account(&stack, &visitor, None).await;
    let phones = stack.phones();
    let browser = Browser::open(scripts).await;
    sign_in(&browser, &stack).await;
    browser.goto(&stack.url(&format!("/accounts/{}", account.id))).await;
    browser.press("Change two-step password", "main").await;
    assert!(browser.text("#two-step").await.contains("Not set"));
    browser.pictures("two-step-none").await;
    browser.fill("#hint", "as generated").await;
    browser.press("Set at Telegram", "#change").await;
    until_it_says(&browser, "#done", "Two-step password changed.").await;
    assert!(browser.text("#two-step").await.contains("as generated"));
    browser.pictures("two-step-set").await;
    assert_eq!(phones.phone(&account.phone).await.unwrap()["hint"], "as generated");
    browser.press("Check the stored password", "main").await;
    until_it_says(&browser, "#done", "The stored password is valid.").await;

    // Typed, with the stored one as the password before.
    browser.click("[value='typed']").await;
    browser.fill("#password", "four words are enough").await;
    browser.press("Change at Telegram", "#change").await;
    until_it_says(&browser, "#done", "Two-step password changed.").await;
    assert!(is_valid(&visitor, &account).await);

    // The owner changes it on the phone.
    phones.set_password(&account.phone, "changed on the phone").await;
    assert!(!is_valid(&visitor, &account).await);
    browser.goto(&stack.url(&page(&account))).await;
    assert!(browser.text("#two-step").await.contains("Rejected by Telegram"));
    browser.press("Change at Telegram", "#change").await;
    until_it_says(&browser, "#before-error", "the current password.").await;
    browser.pictures("two-step-wrong").await;
    browser.fill("#before", "changed on the phone").await;
    browser.press("Change at Telegram", "#change").await;
    until_it_says(&browser, "#done", "Two-step password changed.").await;
    assert!(is_valid(&visitor, &account).await);

    // With an address, and while a stranger asks for the removal of the password.
    browser.fill("#email", "ada@example.org").await;
    browser.press("Send code", "#set-email").await;
    until_it_says(&browser, "#two-step", "not confirmed yet").await;
    browser.pictures("two-step-email").await;
    browser.fill("#code", "000000").await;
    browser.press("Confirm", "#confirm-email").await;
    until_it_says(&browser, "#code-error", "isn't the code").await;
    browser.fill("#code", &phones.code(&account.phone).await).await;
    browser.press("Confirm", "#confirm-email").await;
    until_it_says(&browser, "#done", "Recovery address confirmed.").await;
    phones.request_password_reset(&account.phone).await;
    browser.goto(&stack.url(&page(&account))).await;
    browser.pictures("two-step-reset").await;
    browser.press("Keep the password", "#reset").await;
    until_it_says(&browser, "#done", "The password stays.").await;

    // A wrong password is said in the form that it was sent with.
    phones.set_password(&account.phone, "changed again").await;
    browser.click("#remove summary").await;
    browser.press("Turn off at Telegram", "#remove").await;
    until_it_says(&browser, "#remove-before-error", "the current password.").await;
    assert!(!browser.has("#before-error").await);
    browser.fill("#remove-before", "changed again").await;
    browser.press("Turn off at Telegram", "#remove").await;
    until_it_says(&browser, "#done", "Two-step password removed.").await;
    assert!(browser.text("#two-step").await.contains("Not set"));
    assert_eq!(phones.phone(&account.phone).await.unwrap()["password"], false);
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn with_javascript() {
    a_password_is_set_and_changed(Scripts::On).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_javascript() {
    a_password_is_set_and_changed(Scripts::Off).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn passwords_arrive_as_they_were_typed_and_wrong_ones_change_nothing() {
    let stack = Stack::start().await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let account = ready_account(&stack, &visitor, None).await;
    let phones = stack.phones();
    phones.set_password(&account.phone, EXOTIC).await;
    let change = |before, after| {
        [("do", "change"), ("how", "typed"), ("before", before), ("password", after), ("hint", "")]
    };
    let shown = refused(&visitor, &account, &change(EXOTIC.trim(), "new")).await;
    assert!(shown.contains("the current password."), "{shown}");
    assert!(!shown.contains(EXOTIC.trim()), "no password is sent back");
    let shown = refused(&visitor, &account, &change("", "new")).await;
    assert!(shown.contains("the current password."), "none is stored: {shown}");
    for (before, after, why) in [
        (EXOTIC, EXOTIC, "already the password"),
        (EXOTIC, "", "Enter the two-step password"),
        (EXOTIC, "bell\u{7}", "control characters"),
    ] {
        let shown = refused(&visitor, &account, &change(before, after)).await;
        assert!(shown.contains(why), "{why}: {shown}");
    }
    let tells =
        [("do", "change"), ("how", "typed"), ("before", EXOTIC), ("password", "tulip"), ("hint", "a tulip")];
    assert!(refused(&visitor, &account, &tells).await.contains("hint contains the password"));
    assert!(text(&visitor, &page(&account)).await.contains("Not stored"));
    visitor.does(&page(&account), &change(EXOTIC, "new")).await;
    visitor.does(&page(&account), &change("new", EXOTIC)).await;
    visitor.does(&page(&account), &change(EXOTIC, "newer")).await;
    assert!(is_valid(&visitor, &account).await);
    let log = stack.log();
    assert!(!log.contains("пароль") && !log.contains("tulip"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recovery_address_is_confirmed_and_a_removal_is_cancelled() {
    let stack = Stack::start().await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let account = ready_account(&stack, &visitor, None).await;
    let (phones, page) = (stack.phones(), page(&account));
    visitor.does(&page, CHANGE).await;
    let set = [("do", "set-email"), ("email", "ada@example.org")];
    assert!(
        refused(&visitor, &account, &[("do", "set-email"), ("email", "ada")]).await.contains("email-error")
    );
    visitor.does(&page, &set).await;
    assert!(text(&visitor, &page).await.contains("a***a@example.org"));
    visitor.does(&page, &[("do", "cancel-email")]).await;
    assert!(!text(&visitor, &page).await.contains("a***a@example.org"));
    visitor.does(&page, &set).await;
    let shown = refused(&visitor, &account, &[("do", "confirm-email"), ("code", "000000")]).await;
    assert!(shown.contains("code-error"), "{shown}");
    let code = phones.code(&account.phone).await;
    visitor.does(&page, &[("do", "confirm-email"), ("code", &code)]).await;
    assert_eq!(phones.phone(&account.phone).await.unwrap()["recovery_email"], "ada@example.org");

    phones.request_password_reset(&account.phone).await;
    assert!(text(&visitor, &page).await.contains("id=\"reset\""));
    visitor.does(&page, &[("do", "cancel-reset")]).await;
    assert!(!text(&visitor, &page).await.contains("id=\"reset\""));
    assert!(phones.phone(&account.phone).await.unwrap()["password_reset"].is_null());
    assert!(is_valid(&visitor, &account).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_loses_no_password() {
    let stack = Stack::start().await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let account = ready_account(&stack, &visitor, None).await;
    visitor.does(&page(&account), CHANGE).await;
    stack.phones().refuse("account.updatePasswordSettings", &account.phone, "ANSWER_LOST", 1).await;
    let shown = refused(&visitor, &account, CHANGE).await;
    assert!(shown.contains("answer in time, so the password"), "{shown}");
    let log = settled(&visitor, &account).await;
    assert!(log.contains("that the two-step password was changed"), "{log}");
    assert!(is_valid(&visitor, &account).await);
}

/// Begins a change of which Telegram does not say what became of it; waits until Telegram was asked.
async fn change_that_is_lost(
    stack: &Stack,
    visitor: &Visitor,
    account: &Row,
    fault: &str,
) -> JoinHandle<reqwest::Result<Response>> {
    let (phones, method) = (stack.phones(), "account.updatePasswordSettings");
    let asked = phones.calls(method, &account.phone).await;
    phones.refuse(method, &account.phone, fault, 1).await;
    let (visitor, path) = (visitor.clone(), page(account));
    let late = tokio::spawn(async move { visitor.try_post(&path, CHANGE).await });
    until_true("Telegram is asked", STEP, async || phones.calls(method, &account.phone).await > asked).await;
    late
}

/// The server dies while Telegram is being asked, before or after the password is changed there.
async fn killed(fault: &str, says: &str) {
    let mut stack = Stack::start().await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let account = ready_account(&stack, &visitor, None).await;
    visitor.does(&page(&account), CHANGE).await;
    let late = change_that_is_lost(&stack, &visitor, &account, fault).await;
    stack.kill_telescope().await;
    assert!(late.await.unwrap().is_err(), "there was no answer");
    stack.start_again().await;
    visitor.until_stage(&account.id, "ready", STEP).await;
    let log = settled(&visitor, &account).await;
    assert!(log.contains(says), "{log}");
    assert!(is_valid(&visitor, &account).await, "the stored password is the right one");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_after_the_change_loses_no_password() {
    killed("ANSWER_LOST", "that the two-step password was changed").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crash_before_the_change_loses_no_password() {
    killed("REQUEST_LOST", "that the two-step password was not changed").await;
}

/// The session is lost, too: the next login tells which password is valid.
#[tokio::test(flavor = "multi_thread")]
async fn a_login_finds_out_which_password_is_valid() {
    let stack = Stack::start().await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let phones = stack.phones();
    for (fault, says) in [
        ("ANSWER_LOST", "that the two-step password was changed"),
        ("REQUEST_LOST", "that the two-step password was not changed"),
    ] {
        let account = ready_account(&stack, &visitor, None).await;
        visitor.does(&page(&account), CHANGE).await;
        let late = change_that_is_lost(&stack, &visitor, &account, fault).await;
        phones.revoke(&account.phone).await;
        let answer = late.await.unwrap().unwrap();
        assert_eq!(answer.status(), 409, "{}", answer.text().await.unwrap());
        visitor.until_stage(&account.id, "ended", STEP).await;
        ask(&visitor, &account).await;
        visitor.until_stage(&account.id, "wait-code", STEP).await;
        give_code(&stack, &visitor, &account).await;
        visitor.until_stage(&account.id, "ready", STEP).await;
        let log = settled(&visitor, &account).await;
        assert!(log.contains(says), "{log}");
        assert!(is_valid(&visitor, &account).await);
    }
}
