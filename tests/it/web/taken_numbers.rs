//! What people learn about the numbers of accounts that they may not see when they try to use them.

use axum::http::StatusCode;
use telescope::domain::audit::Outcome;
use telescope::domain::privilege::{SystemPrivilege, SystemPrivileges};
use telescope::domain::{DesiredState, Identifier, Phone, Stage};
use telescope::ops::audit::queue;
use telescope::store::{self, Conn, StoreError};

use super::app::{ADMIN, Answer, TestApp, Visitor};

const ADA: &str = "ada@example.org";
const BOB: &str = "bob@example.org";

fn number(number: u16) -> String {
    format!("+{}", Phone::test(2, number).digits())
}

async fn adder(test: &TestApp) -> Visitor {
    let role = test.role("Adders", &[], SystemPrivileges::of(&[SystemPrivilege::AddAccount])).await;
    test.give(ADA, role).await;
    test.signed_in(ADA).await
}

async fn adds(visitor: &Visitor, phone: &str, owner: &str) -> Answer {
    visitor.post("/accounts/add", &[("phone", phone), ("owner", owner), ("comment", "")]).await
}

/// Status, place and page, without what differs between two requests.
fn seen(answer: &Answer) -> (StatusCode, String, Vec<String>) {
    (answer.status, answer.header("location").to_owned(), answer.texts("main"))
}

async fn refused(test: &TestApp) -> Vec<store::audit::Entry> {
    queue::flush(&test.app).await.unwrap();
    let filter =
        store::audit::Filter { code: Some("account.added".into()), ..store::audit::Filter::default() };
    let conn = &mut test.app.db.read().await.unwrap();
    let rows = store::audit::page(conn, &filter, 50).await.unwrap();
    rows.into_iter().filter(|row| row.outcome == Outcome::Failed).collect()
}

#[tokio::test]
async fn the_answer_is_the_same_whether_a_hidden_number_has_an_account() {
    let test = TestApp::new().await;
    let ada = adder(&test).await;
    let hidden = test.account(1, Some(BOB)).await;
    test.account(2, None).await;
    let leaving = test.account(3, None).await;
    let leaves = async |conn: &mut Conn<'_>| -> Result<(), StoreError> {
        store::accounts::set_wanted(conn, leaving, DesiredState::Removed).await
    };
    test.app.db.maintain(leaves).await.unwrap();
    let new = adds(&ada, &number(9), BOB).await;
    assert_eq!(new.status, StatusCode::SEE_OTHER, "{}", new.body);
    let page = ada.get(new.header("location")).await;
    assert!(page.texts("main").concat().contains("The number is registered"), "{}", page.body);
    for taken in [1, 2, 3, 9] {
        let answer = adds(&ada, &number(taken), BOB).await;
        assert_eq!(seen(&answer), seen(&new), "{taken}");
    }
    assert_eq!(test.app.live.accounts.listing().entries.len(), 4, "nothing else was added");
    // Those who see the account know of it.
    let refused = refused(&test).await;
    assert_eq!(refused.len(), 4);
    assert!(refused.iter().all(|row| row.actor == ADA));
    assert!(refused.iter().any(|row| row.account == Some(hidden)));
    let root = test.signed_in(ADMIN).await;
    let answer = adds(&root, &number(1), BOB).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(answer.texts("#phone-error").concat().contains("already an account"), "{}", answer.body);
}

#[tokio::test]
async fn the_answer_is_the_same_whether_a_hidden_bot_has_an_account() {
    let test = TestApp::new().await;
    let ada = adder(&test).await;
    let bot = |id: u32| format!("{id}:AAE-made_up_token_of_a_bot_01234567");
    test.account_of(Identifier::parse("bot:700000042").unwrap(), Some(BOB)).await;
    let add = async |id: u32| {
        let token = bot(id);
        let form = [("login-with", "token"), ("bot-token", token.as_str()), ("owner", BOB)];
        ada.post("/accounts/add", &form).await
    };
    let new = add(700_000_009).await;
    assert_eq!(new.status, StatusCode::SEE_OTHER, "{}", new.body);
    let page = ada.get(new.header("location")).await;
    assert!(page.texts("main").concat().contains("The bot is registered"), "{}", page.body);
    assert_eq!(seen(&add(700_000_042).await), seen(&new));
    assert_eq!(seen(&add(700_000_009).await), seen(&new));
    assert_eq!(test.app.live.accounts.listing().entries.len(), 2, "nothing else was added");
}

#[tokio::test]
async fn of_few_hidden_numbers_a_person_is_told_that_they_are_taken() {
    let test = TestApp::new().await;
    let ada = adder(&test).await;
    for taken in 1..=9 {
        test.account(taken, None).await;
    }
    // A person who would see the new account can't but learn of the other one.
    let own = adds(&ada, &number(20), ADA).await;
    assert_eq!(own.status, StatusCode::SEE_OTHER);
    let visible = adds(&ada, &number(20), ADA).await;
    for taken in 1..=4 {
        let answer = adds(&ada, &number(taken), ADA).await;
        assert_eq!(answer.texts("#phone-error"), visible.texts("#phone-error"), "as for one that they see");
    }
    // The form that corrects a number is the other place.
    let mine = test.account(21, Some(ADA)).await;
    test.set_stage(mine, Stage::SignedOut);
    let correct =
        async |phone: u16| ada.post(&format!("/accounts/{mine}/number"), &[("phone", &number(phone))]).await;
    let told = correct(5).await;
    assert_eq!(told.texts("#phone-error"), visible.texts("#phone-error"));
    for answer in [correct(6).await, adds(&ada, &number(7), ADA).await, adds(&ada, &number(30), ADA).await] {
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(answer.texts("#phone-error").concat().contains("several numbers"), "{}", answer.body);
    }
    let root = test.signed_in(ADMIN).await;
    assert_eq!(adds(&root, &number(30), "").await.status, StatusCode::SEE_OTHER, "others are not concerned");
    assert!(refused(&test).await.len() >= 4);
}
