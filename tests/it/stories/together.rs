//! Two people work on the same login, or one person clicks twice. Telegram gets one request; the second person gets an
//! explanation.

use crate::support::browser::{Browser, Scripts};
use crate::support::login::{ADMIN, STEP, account_that_waits_for_a_code, added_account, row, sign_in, token};
use crate::support::stack::Stack;
use crate::support::visitor::Visitor;
use crate::support::waiting::until_true;

/// The messages for a form that came too late.
const TOO_LATE: [&str; 2] = ["out of date", "already in progress"];

async fn is_refused_with_a_message(answer: reqwest::Response) {
    let status = answer.status();
    let page = answer.text().await.unwrap();
    assert_eq!(status, 409, "{page}");
    assert!(TOO_LATE.iter().any(|words| page.contains(words)), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_people_submit_a_code_at_once() {
    let stack = Stack::start().await;
    let phones = stack.phones();
    let (ada, bob) = (Visitor::sign_in(&stack, ADMIN).await, Visitor::sign_in(&stack, ADMIN).await);
    let account = account_that_waits_for_a_code(&ada).await;
    let page = format!("/accounts/{}", account.id);
    let provide = format!("{page}/provide");
    let code = phones.code(&account.phone).await;
    let (hers, his) = (token(&ada, &page).await, token(&bob, &page).await);
    assert_eq!(hers, his, "both see the same stage");

    // A form for another stage: the token is valid, but the field is not the expected one.
    is_refused_with_a_message(ada.post(&provide, &[("token", &hers), ("password", &code)]).await).await;
    assert_eq!(phones.calls("auth.checkPassword", &account.phone).await, 0);

    let form = [("token", hers.as_str()), ("code", code.as_str())];
    let answers = tokio::join!(ada.post(&provide, &form), bob.post(&provide, &form));
    let (first, second) = if answers.0.status() == 303 { answers } else { (answers.1, answers.0) };
    assert_eq!(first.status(), 303, "{}", first.text().await.unwrap());
    is_refused_with_a_message(second).await;
    ada.until_stage(&account.id, "ready", STEP).await;
    assert_eq!(phones.calls("auth.signIn", &account.phone).await, 1, "Telegram got one request");

    // The form in a third open tab.
    is_refused_with_a_message(bob.post(&provide, &form).await).await;
    assert_eq!(phones.calls("auth.signIn", &account.phone).await, 1);
    assert_eq!(phones.codes_asked_for(&account.phone).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_from_before_a_wrong_code_is_stale() {
    let stack = Stack::start().await;
    let phones = stack.phones();
    let ada = Visitor::sign_in(&stack, ADMIN).await;
    let account = account_that_waits_for_a_code(&ada).await;
    let page = format!("/accounts/{}", account.id);
    let provide = format!("{page}/provide");
    let code = phones.code(&account.phone).await;
    let wrong = if code == "00000" { "11111" } else { "00000" };
    let old = token(&ada, &page).await;
    let answer = ada.post(&provide, &[("token", &old), ("code", wrong)]).await;
    assert_eq!(answer.status(), 422);

    is_refused_with_a_message(ada.post(&provide, &[("token", &old), ("code", &code)]).await).await;
    assert_eq!(phones.calls("auth.signIn", &account.phone).await, 1, "only the wrong code was submitted");
    ada.until_stage(&account.id, "wait-code", STEP).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_people_request_a_code_at_once() {
    let stack = Stack::start().await;
    let (ada, bob) = (Visitor::sign_in(&stack, ADMIN).await, Visitor::sign_in(&stack, ADMIN).await);
    let account = added_account(&ada).await;
    let ask = format!("/accounts/{}/login-action", account.id);
    let token = token(&ada, &format!("/accounts/{}", account.id)).await;
    let form = [("token", token.as_str()), ("action", "send-code")];
    let answers = tokio::join!(ada.post(&ask, &form), bob.post(&ask, &form));
    let (first, second) = if answers.0.status() == 303 { answers } else { (answers.1, answers.0) };
    assert_eq!(first.status(), 303, "{}", first.text().await.unwrap());
    is_refused_with_a_message(second).await;
    // The button of an outdated page must not request another code.
    is_refused_with_a_message(bob.post(&ask, &form).await).await;
    assert_eq!(stack.phones().codes_asked_for(&account.phone).await, 1);
    let page = ada.get(&format!("/accounts/{}", account.id)).await.text().await.unwrap();
    assert!(page.contains("1 of 20"), "requests that were not sent are not counted: {page}");
}

async fn double_click(scripts: Scripts) {
    let stack = Stack::start().await;
    let phones = stack.phones();
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let account = account_that_waits_for_a_code(&visitor).await;
    let code = phones.code(&account.phone).await;
    let browser = Browser::open(scripts).await;
    sign_in(&browser, &stack).await;
    browser.goto(&stack.url(&format!("/accounts/{}", account.id))).await;
    browser.fill("#code", &code).await;
    let clicks = "const button = document.querySelector('#step form[action$=\"/provide\"] button'); button.click(); button.click(); button.form.requestSubmit();";
    browser.run(clicks).await;
    visitor.until_stage(&account.id, "ready", STEP).await;
    until_true("the page says that the account is ready", STEP, async || {
        if scripts == Scripts::Off {
            browser.goto(&stack.url(&format!("/accounts/{}", account.id))).await;
        }
        browser.has("#step[data-stage='ready']").await
    })
    .await;
    assert!(!browser.has("#step .note.bad").await, "the page shows no error");
    browser.goto(&stack.url("/accounts")).await;
    browser.find(&format!("{}[data-stage='ready']", row(&account.phone))).await;
    assert_eq!(phones.calls("auth.signIn", &account.phone).await, 1);
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_double_click_is_one_request() {
    double_click(Scripts::On).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_double_click_is_one_request_without_javascript() {
    double_click(Scripts::Off).await;
}
