//! A stored two-step password is handed to Telegram once, when a login waits for it. A wrong one is not tried again:
//! repeating it would lock the account.

use crate::support::login::{
    ADMIN, STEP, account_that_waits_for_a_code, account_that_waits_for_a_password, give_code,
};
use crate::support::stack::Stack;
use crate::support::visitor::Visitor;
use crate::support::waiting::until_true;

const RIGHT: &str = "the right one, ½";
const WRONG: &str = "one from last year";

#[tokio::test(flavor = "multi_thread")]
async fn the_right_one_signs_the_account_in_without_anybody() {
    let stack = Stack::start().await;
    let phones = stack.phones();
    let visitor = Visitor::sign_in(&stack, ADMIN).await;

    // Stored before the login comes to it.
    let early = account_that_waits_for_a_code(&visitor).await;
    phones.set_password(&early.phone, RIGHT).await;
    visitor.does(&format!("/accounts/{}/password", early.id), &[("password", RIGHT)]).await;
    assert_eq!(phones.calls("auth.checkPassword", &early.phone).await, 0, "nobody waits for it yet");
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
async fn a_wrong_one_is_tried_once_and_marked() {
    let mut stack = Stack::start().await;
    let phones = stack.phones();
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let account = account_that_waits_for_a_password(&stack, &visitor, RIGHT).await;
    let page = format!("/accounts/{}", account.id);
    visitor.does(&format!("{page}/password"), &[("password", WRONG)]).await;
    let is_marked =
        async || visitor.get(&page).await.text().await.unwrap().contains("rejected the stored one");
    until_true("the page says that it was rejected", STEP, is_marked).await;
    assert_eq!(phones.calls("auth.checkPassword", &account.phone).await, 1);

    stack.kill_telescope().await;
    stack.start_again().await;
    visitor.until_stage(&account.id, "wait-password", STEP).await;
    assert!(is_marked().await, "it is still marked");

    // The next value is handed over once more, and only that one: the wrong one was not tried in between.
    visitor.does(&format!("{page}/password"), &[("password", RIGHT)]).await;
    visitor.until_stage(&account.id, "ready", STEP).await;
    assert_eq!(phones.calls("auth.checkPassword", &account.phone).await, 2);
    assert!(!is_marked().await);
}
