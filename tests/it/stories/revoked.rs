//! The owner of a number ends Telescope's session on the phone. Only that account is logged out, and says why.

use crate::support::login::{ADMIN, STEP, ask, ready_account};
use crate::support::stack::Stack;
use crate::support::visitor::Visitor;

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_session_is_reported_and_the_account_can_be_logged_in_again() {
    let stack = Stack::start().await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let ended = ready_account(&stack, &visitor, None).await;
    let other = ready_account(&stack, &visitor, None).await;

    stack.phones().revoke(&ended.phone).await;
    visitor.until_stage(&ended.id, "ended", STEP).await;
    let page = visitor.get(&format!("/accounts/{}", ended.id)).await.text().await.unwrap();
    assert!(page.contains("ended from another device"), "{page}");
    assert_eq!(stack.phones().codes_asked_for(&ended.phone).await, 1, "no code was requested again");
    visitor.until_stage(&other.id, "ready", STEP).await;

    ask(&visitor, &ended).await;
    visitor.until_stage(&ended.id, "wait-code", STEP).await;
    assert_eq!(stack.phones().codes_asked_for(&ended.phone).await, 2);
}
