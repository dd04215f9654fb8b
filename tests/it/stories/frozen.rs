//! Telegram freezes an account: it stays logged in, and is not shown as ready.

use crate::support::login::{ADMIN, STEP, ready_account};
use crate::support::stack::Stack;
use crate::support::visitor::Visitor;

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_account_is_listed_as_frozen_until_telegram_relents() {
    let mut stack = Stack::start().await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let (account, other) =
        (ready_account(&stack, &visitor, None).await, ready_account(&stack, &visitor, None).await);
    stack.phones().set_account(&account.phone, "frozen").await;
    visitor.until_stage(&account.id, "frozen", STEP).await;
    let page = async |visitor: &Visitor| {
        visitor.get(&format!("/accounts/{}", account.id)).await.text().await.unwrap()
    };
    let said = page(&visitor).await;
    assert!(said.contains("Frozen since") && said.contains("Telegram will delete it at"), "{said}");
    let frozen = visitor.rows_at("/accounts?stage=frozen").await;
    assert_eq!(frozen.iter().map(|row| &row.id).collect::<Vec<_>>(), [&account.id]);
    visitor.until_stage(&other.id, "ready", STEP).await;
    let trail = visitor.get(&format!("/audit?account={}&code=account.stage", account.id)).await;
    assert!(trail.text().await.unwrap().contains("frozen"));

    stack.kill_telescope().await;
    stack.start_again().await;
    visitor.until_stage(&account.id, "frozen", STEP).await;
    stack.phones().set_account(&account.phone, "registered").await;
    visitor.until_stage(&account.id, "ready", STEP).await;
}
