//! Telegram locks a number after a few codes in a day. Telescope stops before that, and a restart does not reset the count.

use crate::support::login::{
    ADMIN, STEP, account_that_waits_for_a_code, added_account, ask, give_code, token,
};
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
        let answer = visitor
            .post(&format!("{page}/login-action"), &[("token", &token), ("action", "send-code")])
            .await;
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
    let answer =
        visitor.post(&format!("{page}/login-action"), &[("token", &token), ("action", "send-code")]).await;
    let (status, said) = (answer.status().as_u16(), answer.text().await.unwrap());
    assert!(status == 429 && said.contains("for login codes (1 in 24 hours)"), "{status} {said}");
    assert_eq!(stack.phones().codes_asked_for(&second.phone).await, 0, "no request was sent to Telegram");
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_clicks_at_once_request_no_more_codes_than_the_hour_allows() {
    let stack = Stack::start_with_settings(&[("CODES_PER_HOUR", "3")]).await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let mut clicks = Vec::new();
    for _ in 0..5 {
        let page = format!("/accounts/{}", added_account(&visitor).await.id);
        clicks.push((format!("{page}/login-action"), token(&visitor, &page).await));
    }
    let click = async |(path, token): &(String, String)| {
        visitor.post(path, &[("token", token), ("action", "send-code")]).await.status().as_u16()
    };
    let answers = futures_util::future::join_all((0..50).filter_map(|n| clicks.get(n % 5)).map(click)).await;
    let sent = answers.iter().filter(|status| **status == 303).count();
    assert_eq!(sent, 3, "{answers:?}");
    assert!(answers.contains(&429), "{answers:?}");
    assert_eq!(stack.phones().calls_in_all("auth.sendCode").await, 3);
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

/// A code and a form that was made for the account's present step.
async fn current_form(stack: &Stack, visitor: &Visitor, id: &str, phone: &str) -> (String, String, String) {
    let page = format!("/accounts/{id}");
    let right = stack.phones().code(phone).await;
    let wrong = if right == "00000" { "11111" } else { "00000" };
    (token(visitor, &page).await, right, wrong.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_telegram_refused_counts_as_a_wrong_input() {
    let stack = Stack::start_with_settings(&[("WRONG_INPUTS_PER_PERSON_PER_DAY", "2")]).await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let account = account_that_waits_for_a_code(&visitor).await;
    let path = format!("/accounts/{}/provide", account.id);
    let (current, right, wrong) = current_form(&stack, &visitor, &account.id, &account.phone).await;

    for _ in 0..30 {
        let answer = visitor.post(&path, &[("token", "1"), ("code", &wrong)]).await;
        assert_eq!(answer.status(), 409, "an outdated form");
    }
    // Of many presses at once one is sent.
    let form = [("token", current.as_str()), ("code", wrong.as_str())];
    let presses = (0..20).map(|_| visitor.post(&path, &form));
    let sent = futures_util::future::join_all(presses).await;
    let mut statuses: Vec<u16> = sent.iter().map(|answer| answer.status().as_u16()).collect();
    statuses.sort_unstable();
    let mut expected = [409; 20];
    expected[19] = 422;
    assert_eq!(statuses, expected);
    assert_eq!(stack.phones().calls("auth.signIn", &account.phone).await, 1);

    // Telegram does not answer: that is no wrong input either, and the second refusal is the last one.
    let page = format!("/accounts/{}", account.id);
    for status in [422, 429] {
        let token = token(&visitor, &page).await;
        let answer = visitor.post(&path, &[("token", &token), ("code", &wrong)]).await;
        assert_eq!(answer.status(), status);
    }
    let token = token(&visitor, &page).await;
    let answer = visitor.post(&path, &[("token", &token), ("code", &right)]).await;
    assert_eq!(answer.status(), 429);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_that_telegram_can_not_send_is_explained_and_does_not_count() {
    let stack = Stack::start().await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let account = added_account(&visitor).await;
    let page = format!("/accounts/{}", account.id);
    let text = async || visitor.get(&page).await.text().await.unwrap();
    let press = async |token: &str| {
        let answer =
            visitor.post(&format!("{page}/login-action"), &[("token", token), ("action", "send-code")]).await;
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    stack.phones().sign_in_elsewhere(&account.phone).await;
    ask(&visitor, &account).await;
    visitor.until_stage(&account.id, "wait-code", STEP).await;
    assert!(text().await.contains("Resend code"));
    stack.phones().refuse_with("auth.resendCode", &account.phone, 406, "SEND_CODE_UNAVAILABLE", 9).await;

    let (status, said) = press(&token(&visitor, &page).await).await;
    assert_eq!(status, 502, "{said}");
    for said in [said, text().await] {
        assert!(said.contains("use the code on a signed-in device, or wait"), "{said}");
        assert!(!said.contains("Resend code") && !said.contains("error 406"), "{said}");
        assert!(said.contains("1 of ") && !said.contains("2 of "), "{said}");
    }
    let (status, said) = press(&token(&visitor, &page).await).await;
    assert_eq!(status, 409, "{said}");
    assert_eq!(
        stack.phones().calls("auth.resendCode", &account.phone).await,
        1,
        "Telegram was not asked again"
    );
    give_code(&stack, &visitor, &account).await;
    visitor.until_stage(&account.id, "ready", STEP).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_that_costs_nothing_at_telegram_costs_nothing_here() {
    let stack = Stack::start_with_settings(&[("LOGIN_ATTEMPTS_PER_DAY", "1")]).await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let account = added_account(&visitor).await;
    let page = format!("/accounts/{}", account.id);
    stack.phones().refuse("auth.sendCode", &account.phone, "PHONE_NUMBER_INVALID", 1).await;
    let token = token(&visitor, &page).await;
    let answer =
        visitor.post(&format!("{page}/login-action"), &[("token", &token), ("action", "send-code")]).await;
    assert!(answer.text().await.unwrap().contains("know this phone number"));
    ask(&visitor, &account).await;
    visitor.until_stage(&account.id, "wait-code", STEP).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_code_of_words_keeps_its_spaces() {
    let stack = Stack::start().await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    for (form, typed, hint) in
        [("phrase", " apple  tree ", "first word is “apple”"), ("word", "apple", "first letter is “a”")]
    {
        let account = added_account(&visitor).await;
        let page = format!("/accounts/{}", account.id);
        stack.phones().add(&account.phone).await;
        stack.phones().set_sms_code(&account.phone, form).await;
        ask(&visitor, &account).await;
        visitor.until_stage(&account.id, "wait-code", STEP).await;
        let shown = visitor.get(&page).await.text().await.unwrap();
        assert!(shown.contains(hint) && shown.contains("inputmode=\"text\""), "{shown}");
        assert!(!shown.contains("inputmode=\"numeric\""), "{shown}");
        let token = token(&visitor, &page).await;
        visitor.does(&format!("{page}/provide"), &[("token", &token), ("code", typed)]).await;
        visitor.until_stage(&account.id, "ready", STEP).await;
    }
}
