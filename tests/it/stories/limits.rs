//! Telegram locks a number after a few codes in a day. Telescope stops before that, and a restart does not reset the count.

use crate::support::login::{ADMIN, STEP, account_that_waits_for_a_code, added_account, ask, token};
use crate::support::stack::Stack;
use crate::support::visitor::Visitor;

#[tokio::test(flavor = "multi_thread")]
async fn codes_are_limited_across_restarts() {
    let mut stack = Stack::start_with_settings(&[("LOGIN_ATTEMPTS_PER_DAY", "2")]).await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let account = added_account(&visitor).await;
    let page = format!("/accounts/{}", account.id);
    ask(&visitor, &account).await;
    visitor.until_stage(&account.id, "wait-code", STEP).await;
    stack.kill_telescope().await;
    stack.start_again().await;
    visitor.until_stage(&account.id, "wait-code", STEP).await;
    // Telegram refuses the second one, but it counts.
    for method in ["auth.sendCode", "auth.resendCode"] {
        stack.phones().refuse(method, &account.phone, "PHONE_NUMBER_FLOOD", 1).await;
    }
    let ask_again = async || {
        let token = token(&visitor, &page).await;
        let answer = visitor.post(&format!("{page}/ask-for-code"), &[("token", &token)]).await;
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    ask_again().await;
    assert!(visitor.get(&page).await.text().await.unwrap().contains("2 of 2 in the last 24 hours"));
    let asked = stack.phones().codes_asked_for(&account.phone).await;
    for _ in 0..3 {
        let (status, said) = ask_again().await;
        assert_eq!(status, 409, "{said}");
        assert!(
            said.contains("2 codes were requested in the last 24 hours")
                && said.contains("Try again tomorrow"),
            "{said}"
        );
    }
    assert_eq!(
        stack.phones().codes_asked_for(&account.phone).await,
        asked,
        "no request was sent to Telegram"
    );

    let other = added_account(&visitor).await;
    ask(&visitor, &other).await;
    visitor.until_stage(&other.id, "wait-code", STEP).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn codes_are_limited_per_person() {
    let mut stack = Stack::start_with_settings(&[("CODES_PER_PERSON_PER_DAY", "1")]).await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let (first, second) = (added_account(&visitor).await, added_account(&visitor).await);
    ask(&visitor, &first).await;
    visitor.until_stage(&first.id, "wait-code", STEP).await;
    stack.kill_telescope().await;
    stack.start_again().await;
    visitor.until_stage(&second.id, "signed-out", STEP).await;
    let page = format!("/accounts/{}", second.id);
    let token = token(&visitor, &page).await;
    let answer = visitor.post(&format!("{page}/ask-for-code"), &[("token", &token)]).await;
    let (status, said) = (answer.status().as_u16(), answer.text().await.unwrap());
    assert!(status == 429 && said.contains("for login codes (1 in 24 hours)"), "{status} {said}");
    assert_eq!(stack.phones().codes_asked_for(&second.phone).await, 0, "no request was sent to Telegram");
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_codes_are_limited_per_person_across_restarts() {
    let mut stack = Stack::start_with_settings(&[("WRONG_INPUTS_PER_PERSON_PER_DAY", "2")]).await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let account = account_that_waits_for_a_code(&visitor).await;
    let page = format!("/accounts/{}", account.id);
    let right = stack.phones().code(&account.phone).await;
    let wrong = if right == "00000" { "11111" } else { "00000" };
    let type_it = async |visitor: &Visitor, code: &str| {
        let token = token(visitor, &page).await;
        let answer = visitor.post(&format!("{page}/provide"), &[("token", &token), ("code", code)]).await;
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    for _ in 0..2 {
        let (status, said) = type_it(&visitor, wrong).await;
        assert!(status == 422 && said.contains("Wrong code"), "{status} {said}");
    }
    stack.kill_telescope().await;
    stack.start_again().await;
    visitor.until_stage(&account.id, "wait-code", STEP).await;
    let (status, said) = type_it(&visitor, &right).await;
    assert!(status == 429 && said.contains("wrong codes and passwords (2 in 24 hours)"), "{status} {said}");
}
