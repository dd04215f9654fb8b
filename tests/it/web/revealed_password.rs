//! A stored two-step password is shown to whoever may see it, for a reason, once, after it was written down.

use axum::http::StatusCode;
use telescope::config::Dsn;
use telescope::domain::AccountId;
use telescope::store;
use telescope::store::audit::Filter;

use super::app::{ADMIN, Answer, TestApp, Visitor};
use crate::support::sqlite;

const ADA: &str = "ada@example.org";
const PASSWORD: &str = "two  <b>spaces</b> & ½";
const REASON: &str = "Ada is on leave";

async fn store_one(who: &Visitor, account: AccountId) {
    let answer = who.post(&format!("/accounts/{account}/password"), &[("password", PASSWORD)]).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
}

fn path(account: AccountId) -> String {
    format!("/accounts/{account}/password/reveal")
}

async fn reveal(who: &Visitor, account: AccountId, reason: &str) -> Answer {
    who.post(&path(account), &[("reason", reason)]).await
}

/// Who looked, and why.
async fn looks(test: &TestApp) -> Vec<(String, Option<String>, Option<AccountId>)> {
    let filter = Filter { code: Some("password.shown".into()), ..Filter::default() };
    let conn = &mut test.app.db.read().await.unwrap();
    let entries = store::audit::page(conn, &filter, 10).await.unwrap();
    entries.into_iter().map(|entry| (entry.actor, entry.reason, entry.account)).collect()
}

/// Exactly what stands in the box.
fn shown(answer: &Answer) -> Option<String> {
    let page = scraper::Html::parse_document(&answer.body);
    let found = page.select(&scraper::Selector::parse("output.secret").unwrap()).next();
    found.map(|element| element.text().collect())
}

#[tokio::test]
async fn it_is_shown_for_a_reason_and_stands_nowhere_else() {
    let test = TestApp::new().await;
    let account = test.account(1, Some(ADA)).await;
    let root = test.signed_in(ADMIN).await;
    store_one(&root, account).await;

    for reason in ["", " \t", "ab", "a\u{7}bell", &"x".repeat(501)] {
        let answer = reveal(&root, account, reason).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{reason:?}");
        assert_eq!(answer.attributes("#reason", "value"), [reason], "what was typed is kept");
        assert!(answer.has("#reason-error") && shown(&answer).is_none());
    }
    assert!(looks(&test).await.is_empty());

    for _ in 0..2 {
        let answer = reveal(&root, account, REASON).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.header("refresh"), format!("60; url=/accounts/{account}"));
        assert_eq!(answer.header("location"), "");
        assert_eq!(shown(&answer).as_deref(), Some(PASSWORD), "as it was typed, and no markup");
    }
    let as_htmx = root.post_fragment(&path(account), &[("reason", REASON)]).await;
    assert_eq!((as_htmx.header("refresh"), shown(&as_htmx).as_deref()), ("", Some(PASSWORD)));
    let look = (ADMIN.to_owned(), Some(REASON.to_owned()), Some(account));
    assert_eq!(looks(&test).await, vec![look; 3], "each look is written down");

    let pages = [path(account), format!("/accounts/{account}"), "/audit".into(), "/accounts".into()];
    for page in pages {
        let answer = root.get(&page).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert!(!answer.body.contains("spaces"), "{page}");
    }
}

#[tokio::test]
async fn only_who_may_see_it_learns_of_the_way_and_only_if_there_is_one() {
    let test = TestApp::new().await;
    let account = test.account(1, Some(ADA)).await;
    let (root, ada) = (test.signed_in(ADMIN).await, test.signed_in(ADA).await);
    let way = format!("a[href='{}']", path(account));
    let page = format!("/accounts/{account}");
    assert!(!root.get(&page).await.has(&way), "nothing is stored");
    let answer = reveal(&root, account, REASON).await;
    assert_eq!(answer.status, StatusCode::CONFLICT);
    assert_eq!(answer.texts("[role=alert]"), ["No two-step password is stored for this account."]);

    store_one(&ada, account).await;
    assert!(root.get(&page).await.has(&way));
    assert!(!ada.get(&page).await.has(&way), "its owner may store one and not read it");
    let answer = reveal(&ada, account, REASON).await;
    assert_eq!(answer.status, StatusCode::FORBIDDEN);
    assert!(!answer.body.contains("spaces"));
    assert!(looks(&test).await.is_empty());
}

#[tokio::test]
async fn what_can_not_be_opened_or_written_down_is_not_shown() {
    let test = TestApp::new().await;
    let (account, other) = (test.account(1, None).await, test.account(2, None).await);
    let root = test.signed_in(ADMIN).await;
    store_one(&root, account).await;
    store_one(&root, other).await;
    test.app.db.set_away(true);
    let answer = reveal(&root, account, REASON).await;
    test.app.db.set_away(false);
    assert!(answer.status != StatusCode::OK && shown(&answer).is_none(), "{}", answer.status);

    // Somebody with the database puts the other account's sealed value here.
    let Dsn::Sqlite(file) = &test.app.config.storage.db else { panic!("the tests' database is a file") };
    let swap = format!(
        "update sealed_secrets set sealed = (select sealed from sealed_secrets where row_id = '{other}')
         where row_id = '{account}'"
    );
    sqlite::tamper(file, &swap).await;
    let (sealed,): (String,) = sqlx::query_as("select sealed from sealed_secrets where row_id = $1")
        .bind(account.to_string())
        .fetch_one(&mut sqlite::connect(file).await)
        .await
        .unwrap();
    let answer = reveal(&root, account, REASON).await;
    assert_eq!(answer.status, StatusCode::CONFLICT, "{}", answer.body);
    assert!(answer.texts("[role=alert]")[0].contains("can't be opened"), "{}", answer.body);
    assert!(shown(&answer).is_none() && !answer.body.contains(&sealed), "nor is its sealed form shown");
    assert!(looks(&test).await.is_empty(), "nobody saw it");
    assert_eq!(shown(&reveal(&root, other, REASON).await).as_deref(), Some(PASSWORD));
}
