//! Messages from Telegram to a logged-in account, which contain the code for a login on another device.

use crate::support::browser::{Browser, Scripts};
use crate::support::login::{ADMIN, STEP, ready_account, sign_in};
use crate::support::stack::Stack;
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
    assert!(without.contains("reason-error") && !without.contains("01234"), "{without}");

    let answer = visitor.post(&code, &[("reason", "A new phone for the front desk")]).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["cache-control"], "no-store");
    let answer = answer.text().await.unwrap();
    assert!(answer.contains("01234"), "the code with its leading zero: {answer}");

    for path in ["/accounts", &page, &code] {
        assert!(
            !shown(path).await.contains("01234"),
            "{path}: a code appears only in the response that showed it"
        );
    }
    assert!(!stack.log().contains("01234"), "the code is not in the log");
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
        assert!(!said.contains("01234"), "{said}");
        status == 409 && said.contains("5 minutes ago and no longer works")
    })
    .await;
    came("56789", 240).await;
    until_true("a newer one is shown", STEP, async || {
        let (status, said) = shown().await;
        status == 200 && said.contains("56789")
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
    assert!(!browser.text("body").await.contains("01234"));

    stack.phones().send_message(&account.phone, MESSAGE).await;
    until_true("the code is on the page", STEP, async || {
        if scripts == Scripts::Off && browser.has("#awaited").await {
            browser.press("Refresh", "main").await;
        }
        browser.text("body").await.contains("01234")
    })
    .await;
    browser.pictures(if scripts == Scripts::On { "code-came" } else { "code-came-plain" }).await;
    assert_eq!(browser.complaints().await, [""; 0]);
    browser.goto(&code_page).await;
    assert!(!browser.text("body").await.contains("01234"), "the reloaded page does not show the code");
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
