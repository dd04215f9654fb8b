//! The reasons for which a session ends at Telegram. Each has its own message, because each calls for a different
//! reaction, and is still shown after a restart.

use crate::support::login::{ADMIN, STEP, ask, give_code, ready_account};
use crate::support::stack::Stack;
use crate::support::visitor::{Row, Visitor};
use crate::support::waiting::until_true;

async fn page(visitor: &Visitor, row: &Row) -> String {
    visitor.get(&format!("/accounts/{}", row.id)).await.text().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_reason_has_its_own_message() {
    // A duplicated key is only detected at the next request.
    let mut stack = Stack::start_with_settings(&[("SESSION_PROBE_SECONDS", "1")]).await;
    let phones = stack.phones();
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let mut accounts = Vec::new();
    for (end, words) in [
        ("revoked", "from another device of the account"),
        ("expired", "inactive for too long"),
        ("duplicated", "used from two places at once"),
        ("banned", "recover@telegram.org"),
        ("deactivated", "was deleted at Telegram"),
    ] {
        accounts.push((ready_account(&stack, &visitor, None).await, end, words));
    }
    let untouched = ready_account(&stack, &visitor, None).await;
    for (row, end, _) in &accounts {
        match *end {
            "banned" | "deactivated" => phones.set_account(&row.phone, end).await,
            why => phones.end_sessions(&row.phone, why).await,
        }
    }
    for (row, _, words) in &accounts {
        visitor.until_stage(&row.id, "ended", STEP).await;
        let said = page(&visitor, row).await;
        assert!(said.contains(words), "{words}: {said}");
        assert_eq!(phones.codes_asked_for(&row.phone).await, 1, "no code was requested again");
    }
    visitor.until_stage(&untouched.id, "ready", STEP).await;

    until_true("the states are stored", STEP, async || {
        let trail = visitor.get("/audit?code=account.stage").await.text().await.unwrap();
        trail.matches("ended").count() >= accounts.len()
    })
    .await;
    assert!(stack.stop().await.success());
    stack.start_again().await;
    for (row, _, words) in &accounts {
        visitor.until_stage(&row.id, "ended", STEP).await;
        let said = page(&visitor, row).await;
        assert!(said.contains(words), "after a restart, {words}: {said}");
    }

    // An account without a session can be disconnected like any other, and keeps its status.
    let expired = &accounts[1].0;
    visitor.does(&format!("/accounts/{}/disconnect", expired.id), &[]).await;
    visitor.until_stage(&expired.id, "disconnected", STEP).await;
    visitor.does(&format!("/accounts/{}/connect", expired.id), &[]).await;
    visitor.until_stage(&expired.id, "ended", STEP).await;

    // The account can be logged in again.
    let revoked = &accounts[0].0;
    ask(&visitor, revoked).await;
    visitor.until_stage(&revoked.id, "wait-code", STEP).await;
    give_code(&stack, &visitor, revoked).await;
    visitor.until_stage(&revoked.id, "ready", STEP).await;
    assert!(!page(&visitor, revoked).await.contains("from another device of the account"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_folder_is_reported() {
    let mut stack = Stack::start().await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let account = ready_account(&stack, &visitor, None).await;
    assert!(stack.stop().await.success());
    std::fs::remove_dir_all(stack.accounts()).unwrap();
    stack.start_again().await;
    visitor.until_stage(&account.id, "ended", STEP).await;
    let said = page(&visitor, &account).await;
    assert!(said.contains("its files are missing"), "{said}");
    assert_eq!(stack.phones().codes_asked_for(&account.phone).await, 1, "no code was requested");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_account_is_shown_until_it_is_unfrozen() {
    let stack = Stack::start().await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let account = ready_account(&stack, &visitor, None).await;
    stack.phones().set_account(&account.phone, "frozen").await;
    until_true("the page says that it is frozen", STEP, async || {
        page(&visitor, &account).await.contains("Telegram has frozen this account")
    })
    .await;
    visitor.until_stage(&account.id, "frozen", STEP).await;
    stack.phones().set_account(&account.phone, "registered").await;
    until_true("the page no longer says so", STEP, async || {
        !page(&visitor, &account).await.contains("has frozen this account")
    })
    .await;
}
