//! Telegram locks a number out after a few codes in a day. Telescope stops before that, and a restart is no way round.

use crate::support::login::{ADMIN, STEP, added_account, ask, token};
use crate::support::stack::Stack;
use crate::support::visitor::Visitor;

#[tokio::test(flavor = "multi_thread")]
async fn codes_are_counted_over_restarts_and_stop_at_the_limit() {
    let mut stack = Stack::start_with_settings(&[("LOGIN_ATTEMPTS_PER_DAY", "2")]).await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let account = added_account(&visitor).await;
    let page = format!("/accounts/{}", account.id);
    ask(&visitor, &account).await;
    visitor.until_stage(&account.id, "wait-code", STEP).await;
    stack.kill_telescope().await;
    stack.start_again().await;
    visitor.until_stage(&account.id, "wait-code", STEP).await;
    // Telegram refuses the second one; it counts all the same.
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
            said.contains("2 times in the last 24 hours") && said.contains("Try again tomorrow"),
            "{said}"
        );
    }
    assert_eq!(stack.phones().codes_asked_for(&account.phone).await, asked, "Telegram was not asked");

    let other = added_account(&visitor).await;
    ask(&visitor, &other).await;
    visitor.until_stage(&other.id, "wait-code", STEP).await;
}
