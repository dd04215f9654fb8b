//! Telegram writes to a signed-in account: codes for somebody else's login come this way.

use crate::support::login::{ADMIN, STEP, ready_account};
use crate::support::stack::Stack;
use crate::support::visitor::Visitor;
use crate::support::waiting::until_true;

#[tokio::test(flavor = "multi_thread")]
async fn that_a_code_came_is_shown_and_the_code_is_not() {
    let stack = Stack::start().await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let account = ready_account(&stack, &visitor, None).await;
    let page = format!("/accounts/{}", account.id);
    let shown = async || visitor.get(&page).await.text().await.unwrap();

    stack.phones().send_message(&account.phone, "Login code: 01234. Do not give it to anyone.").await;
    until_true("the page says that a code came", STEP, async || shown().await.contains("login code came"))
        .await;
    let pages = shown().await + visitor.get("/accounts").await.text().await.unwrap().as_str();
    assert!(!pages.contains("01234"), "a code is never on a page that nobody asked to reveal it on");
    assert!(!stack.log().contains("01234"), "nor in the log");
}
