//! A stored two-step password is submitted to Telegram once, when a login waits for it. A wrong one is not submitted again,
//! since repeating it would lock the account.

use crate::support::login::{
    ADMIN, STEP, account_that_waits_for_a_code, account_that_waits_for_a_password, give_code,
};
use crate::support::stack::Stack;
use crate::support::visitor::Visitor;
use crate::support::waiting::until_true;

const RIGHT: &str = "the right one, ½";
const WRONG: &str = "one from last year";

#[tokio::test(flavor = "multi_thread")]
async fn a_right_password_logs_the_account_in_automatically() {
    let stack = Stack::start().await;
    let phones = stack.phones();
    let visitor = Visitor::sign_in(&stack, ADMIN).await;

    // Stored before the login needs it.
    let early = account_that_waits_for_a_code(&visitor).await;
    phones.set_password(&early.phone, RIGHT).await;
    visitor.does(&format!("/accounts/{}/password", early.id), &[("password", RIGHT)]).await;
    assert_eq!(phones.calls("auth.checkPassword", &early.phone).await, 0, "no login waits for it yet");
    give_code(&stack, &visitor, &early).await;
    visitor.until_stage(&early.id, "ready", STEP).await;
    assert_eq!(phones.calls("auth.checkPassword", &early.phone).await, 1);

    // Stored while the login waits.
    let late = account_that_waits_for_a_password(&stack, &visitor, RIGHT).await;
    visitor.does(&format!("/accounts/{}/password", late.id), &[("password", RIGHT)]).await;
    visitor.until_stage(&late.id, "ready", STEP).await;
    assert_eq!(phones.calls("auth.checkPassword", &late.phone).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_is_tried_once_and_marked() {
    let mut stack = Stack::start().await;
    let phones = stack.phones();
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let account = account_that_waits_for_a_password(&stack, &visitor, RIGHT).await;
    let page = format!("/accounts/{}", account.id);
    visitor.does(&format!("{page}/password"), &[("password", WRONG)]).await;
    let is_marked = async || visitor.get(&page).await.text().await.unwrap().contains("Rejected by Telegram");
    until_true("the page says that it was rejected", STEP, is_marked).await;
    assert_eq!(phones.calls("auth.checkPassword", &account.phone).await, 1);

    stack.kill_telescope().await;
    stack.start_again().await;
    visitor.until_stage(&account.id, "wait-password", STEP).await;
    assert!(is_marked().await, "it is still marked");

    // Only the next value is submitted: the wrong one was not tried again in between.
    visitor.does(&format!("{page}/password"), &[("password", RIGHT)]).await;
    visitor.until_stage(&account.id, "ready", STEP).await;
    assert_eq!(phones.calls("auth.checkPassword", &account.phone).await, 2);
    assert!(!is_marked().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreadable_password_is_not_submitted() {
    let stack = Stack::start().await;
    let phones = stack.phones();
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let account = account_that_waits_for_a_code(&visitor).await;
    let other = account_that_waits_for_a_code(&visitor).await;
    phones.set_password(&account.phone, RIGHT).await;
    for row in [&account, &other] {
        visitor.does(&format!("/accounts/{}/password", row.id), &[("password", RIGHT)]).await;
    }
    // An attacker with access to the database puts the other account's sealed value here.
    stack
        .tamper(&format!(
            "update sealed_secrets set sealed =
                 (select sealed from sealed_secrets where row_id = '{}' and purpose = 'two_step_password')
             where row_id = '{}' and purpose = 'two_step_password'",
            other.id, account.id
        ))
        .await;
    give_code(&stack, &visitor, &account).await;
    visitor.until_stage(&account.id, "wait-password", STEP).await;
    until_true("the log says that it was not submitted", STEP, async || {
        stack.log().contains("a stored password was not submitted")
    })
    .await;
    assert_eq!(phones.calls("auth.checkPassword", &account.phone).await, 0, "nothing else was tried");
    visitor.does(&format!("/accounts/{}/password", account.id), &[("password", RIGHT)]).await;
    visitor.until_stage(&account.id, "ready", STEP).await;
}
