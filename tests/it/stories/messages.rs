//! Messages from Telegram to a logged-in account, which contain the code for a login on another device.

use crate::support::browser::{Browser, Scripts};
use crate::support::login::{ADMIN, STEP, added_account, ready_account, sign_in};
use crate::support::stack::Stack;
use crate::support::text::has_word;
use crate::support::visitor::Visitor;
use crate::support::waiting::until_true;

const MESSAGE: &str =
    "Login code: 01234. Do not give this code to anyone, even if they say they are from Telegram!";

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_shown_for_a_reason_and_appears_nowhere_else() {
    let stack = Stack::start().await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let account = ready_account(&stack, &visitor, None).await;
    let page = format!("/accounts/{}", account.id);
    let shown = async |path: &str| visitor.get(path).await.text().await.unwrap();

    stack.phones().send_message(&account.phone, MESSAGE).await;
    until_true("the page says that a code arrived", STEP, async || {
        shown(&page).await.contains("login code received")
    })
    .await;

    let code = format!("{page}/code");
    let without = visitor.post(&code, &[("reason", " ")]).await;
    assert_eq!(without.status(), 422);
    let without = without.text().await.unwrap();
    assert!(without.contains("reason-error") && !has_word(&without, "01234"), "{without}");

    let answer = visitor.post(&code, &[("reason", "A new phone for the front desk")]).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["cache-control"], "no-store");
    let answer = answer.text().await.unwrap();
    assert!(has_word(&answer, "01234"), "the code with its leading zero: {answer}");

    for path in ["/accounts", &page, &code] {
        assert!(
            !has_word(&shown(path).await, "01234"),
            "{path}: a code appears only in the response that showed it"
        );
    }
    assert!(!has_word(&stack.log(), "01234"), "the code is not in the log");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_stale_after_five_minutes() {
    let stack = Stack::start().await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let account = ready_account(&stack, &visitor, None).await;
    let page = format!("/accounts/{}/code", account.id);
    let shown = async || {
        let answer = visitor.post(&page, &[("reason", "A new phone for the front desk")]).await;
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let came = async |code: &str, age: u32| {
        let text = format!("Login code: {code}. Do not give this code to anyone.");
        stack.phones().send_old_message(&account.phone, &text, age).await;
    };

    came("01234", 302).await;
    until_true("the old code is refused", STEP, async || {
        let (status, said) = shown().await;
        assert!(!has_word(&said, "01234"), "{said}");
        status == 409 && said.contains("5 minutes ago and no longer works")
    })
    .await;
    came("56789", 240).await;
    until_true("a newer one is shown", STEP, async || {
        let (status, said) = shown().await;
        status == 200 && has_word(&said, "56789")
    })
    .await;
    let audit = visitor.get("/audit?code=login.code.shown").await.text().await.unwrap();
    assert_eq!(
        audit.matches("A new phone for the front desk").count(),
        1,
        "only the shown code is recorded: {audit}"
    );
}

async fn waiting(scripts: Scripts) {
    let stack = Stack::start().await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let account = ready_account(&stack, &visitor, None).await;
    let browser = Browser::open(scripts).await;
    sign_in(&browser, &stack).await;
    let code_page = stack.url(&format!("/accounts/{}/code", account.id));
    browser.goto(&code_page).await;
    browser.fill("[name='reason']", "A new phone for the front desk").await;
    browser.press("Wait for the next code", "main").await;
    browser.find("#awaited").await;
    assert!(!has_word(&browser.text("body").await, "01234"));

    stack.phones().send_message(&account.phone, MESSAGE).await;
    until_true("the code is on the page", STEP, async || {
        if scripts == Scripts::Off && browser.has("#awaited").await {
            browser.press("Refresh", "main").await;
        }
        has_word(&browser.text("body").await, "01234")
    })
    .await;
    browser.pictures(if scripts == Scripts::On { "code-came" } else { "code-came-plain" }).await;
    assert_eq!(browser.complaints().await, [""; 0]);
    browser.goto(&code_page).await;
    assert!(!has_word(&browser.text("body").await, "01234"), "the reloaded page does not show the code");
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_waits_for_a_code_and_sees_it() {
    waiting(Scripts::On).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_waits_for_a_code_without_javascript() {
    waiting(Scripts::Off).await;
}

/// Logs in, sets Telegram's clock off and waits for a code after another one came.
async fn next_by_order_of_arrival(skew: i64) {
    let stack = Stack::start().await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let account = ready_account(&stack, &visitor, None).await;
    let page = format!("/accounts/{}/code", account.id);
    let reason = [("reason", "A new phone for the front desk")];
    let answer = async |path: &str| visitor.post(path, &reason).await.text().await.unwrap();
    stack.phones().set_clock(skew).await;
    stack.phones().send_message(&account.phone, MESSAGE).await;
    until_true("the first code is there", STEP, async || has_word(&answer(&page).await, "01234")).await;

    let (wait, poll) = (format!("{page}/wait"), format!("{page}/look"));
    assert!(answer(&wait).await.contains("Waiting for the next code"));
    let polled = answer(&poll).await;
    assert!(polled.contains("Waiting for the next code") && !has_word(&polled, "01234"), "{polled}");
    stack.phones().send_message(&account.phone, "Login code: 56789. Do not give this code to anyone.").await;
    until_true("the next code is shown", STEP, async || {
        let polled = answer(&poll).await;
        assert!(!has_word(&polled, "01234") && !polled.contains("no longer waits"), "{polled}");
        has_word(&polled, "56789")
    })
    .await;
    let audit = visitor.get("/audit?code=login.code.shown").await.text().await.unwrap();
    assert!(audit.contains("viewed a login code"), "{audit}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_code_is_the_next_to_arrive_if_telegrams_clock_is_slow() {
    next_by_order_of_arrival(-30).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_code_is_the_next_to_arrive_if_telegrams_clock_is_fast() {
    next_by_order_of_arrival(30).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_codes_age_is_told_by_telegrams_clock() {
    let stack = Stack::start().await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let account = ready_account(&stack, &visitor, None).await;
    let page = format!("/accounts/{}/code", account.id);
    stack.phones().set_clock(-280).await;
    stack.phones().send_old_message(&account.phone, MESSAGE, 60).await;
    until_true("the code is shown", STEP, async || {
        let answer = visitor.post(&page, &[("reason", "A new phone for the front desk")]).await;
        let said = answer.text().await.unwrap();
        assert!(!said.contains("no longer works"), "{said}");
        has_word(&said, "01234")
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_is_shown_after_a_restart_though_other_messages_followed_it() {
    let mut stack = Stack::start().await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let account = ready_account(&stack, &visitor, None).await;
    let page = format!("/accounts/{}", account.id);
    stack.phones().send_message(&account.phone, MESSAGE).await;
    until_true("the page says that a code came", STEP, async || {
        visitor.get(&page).await.text().await.unwrap().contains("login code received")
    })
    .await;
    for _ in 0..25 {
        let notice = "New login. Dear Ada, we detected a login into your account from a new device.";
        stack.phones().send_message(&account.phone, notice).await;
    }
    stack.kill_telescope().await;
    stack.start_again().await;
    visitor.until_stage(&account.id, "ready", STEP).await;
    let answer = visitor.post(&format!("{page}/code"), &[("reason", "A new phone for the front desk")]).await;
    let (status, said) = (answer.status().as_u16(), answer.text().await.unwrap());
    assert!(status == 200 && has_word(&said, "01234"), "{status} {said}");
    assert!(visitor.get(&page).await.text().await.unwrap().contains("login code received"));

    // What was there before is not what a person waits for.
    let path = format!("{page}/code/wait");
    let wait = visitor.post(&path, &[("reason", "A new phone for the front desk")]).await;
    assert!(wait.text().await.unwrap().contains("Waiting for the next code"));
    let polled = visitor.post(&format!("{page}/code/look"), &[]).await.text().await.unwrap();
    assert!(!has_word(&polled, "01234"), "{polled}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_is_not_logged_in_can_receive_no_code() {
    let stack = Stack::start().await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let account = added_account(&visitor).await;
    for path in ["code", "code/wait"] {
        let path = format!("/accounts/{}/{path}", account.id);
        let answer = visitor.post(&path, &[("reason", "A new phone for the front desk")]).await;
        let (status, said) = (answer.status().as_u16(), answer.text().await.unwrap());
        assert!(status == 409 && said.contains("logged in at Telegram"), "{status} {said}");
    }
}
