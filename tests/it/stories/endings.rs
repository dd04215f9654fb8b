//! The ways in which a session ends at Telegram. Each is told in its own words, because each asks for something else
//! of people; and it is still told after a restart.

use crate::support::login::{ADMIN, STEP, ask, give_code, ready_account};
use crate::support::stack::Stack;
use crate::support::visitor::{Row, Visitor};
use crate::support::waiting::until_true;

async fn page(visitor: &Visitor, row: &Row) -> String {
    visitor.get(&format!("/accounts/{}", row.id)).await.text().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_ending_has_its_words() {
    // A session whose key is used twice shows at the next question only.
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
        assert_eq!(phones.codes_asked_for(&row.phone).await, 1, "nobody asked for a code again");
    }
    visitor.until_stage(&untouched.id, "ready", STEP).await;

    until_true("what was told is kept", STEP, async || {
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

    // An account without a session can be disconnected like any other, and stays what it was.
    let expired = &accounts[1].0;
    visitor.does(&format!("/accounts/{}/disconnect", expired.id), &[]).await;
    visitor.until_stage(&expired.id, "disconnected", STEP).await;
    visitor.does(&format!("/accounts/{}/connect", expired.id), &[]).await;
    visitor.until_stage(&expired.id, "ended", STEP).await;

    // What can be signed in again, can be signed in again.
    let revoked = &accounts[0].0;
    ask(&visitor, revoked).await;
    visitor.until_stage(&revoked.id, "wait-code", STEP).await;
    give_code(&stack, &visitor, revoked).await;
    visitor.until_stage(&revoked.id, "ready", STEP).await;
    assert!(!page(&visitor, revoked).await.contains("from another device of the account"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_that_is_lost_is_said_to_be_lost() {
    let mut stack = Stack::start().await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let account = ready_account(&stack, &visitor, None).await;
    assert!(stack.stop().await.success());
    std::fs::remove_dir_all(stack.accounts()).unwrap();
    stack.start_again().await;
    visitor.until_stage(&account.id, "ended", STEP).await;
    let said = page(&visitor, &account).await;
    assert!(said.contains("its files are missing"), "{said}");
    assert_eq!(stack.phones().codes_asked_for(&account.phone).await, 1, "no code was asked for");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_account_says_so_until_it_is_thawed() {
    let stack = Stack::start().await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let account = ready_account(&stack, &visitor, None).await;
    stack.phones().set_account(&account.phone, "frozen").await;
    until_true("the page says that it is frozen", STEP, async || {
        page(&visitor, &account).await.contains("Telegram has frozen this account")
    })
    .await;
    visitor.until_stage(&account.id, "ready", STEP).await;
    stack.phones().set_account(&account.phone, "registered").await;
    until_true("the page no longer says so", STEP, async || {
        !page(&visitor, &account).await.contains("has frozen this account")
    })
    .await;
}
