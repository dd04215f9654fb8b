//! Whoever is not let in though his identity is proven stands in the trail, and can't fill it.

use telescope::domain::{Email, Identity, RequestInfo};
use telescope::ops::audit::queue;
use telescope::ops::{OpError, sign_in};
use telescope::store::audit::{self, Entry, Filter};
use telescope::store::{self, Conn};

use super::app::{ADMIN, TestApp};

fn identity(email: &str, subject: &str, verified: bool) -> Identity {
    let claimed = Identity::claimed(Email::parse(email).unwrap());
    Identity { issuer: "https://login.example.org".into(), subject: subject.into(), verified, ..claimed }
}

async fn refused(test: &TestApp, identity: &Identity) {
    let origin =
        RequestInfo { address: Some("192.0.2.7".parse().unwrap()), request: Some("request-7".into()) };
    let answer = sign_in::sign_in(&test.app, identity, &origin).await;
    assert!(matches!(answer, Err(OpError::Refused(_))), "{answer:?}");
}

async fn refusals(test: &TestApp) -> Vec<Entry> {
    queue::flush(&test.app).await.unwrap();
    let filter = Filter { code: Some("web.sign-in.refused".into()), ..Filter::default() };
    audit::page(&mut test.app.db.read().await.unwrap(), &filter, 1000).await.unwrap()
}

#[tokio::test]
async fn each_reason_is_written_down_once_with_where_it_came_from() {
    let test = TestApp::with_its_own_time().await;
    let root = test.signed_in(ADMIN).await;
    sign_in::sign_in(&test.app, &identity("ada@example.org", "1", true), &RequestInfo::default())
        .await
        .unwrap();
    for _ in 0..20 {
        refused(&test, &identity("ada@example.org", "2", true)).await;
        refused(&test, &identity("new@example.org", "3", false)).await;
    }
    let ada = test.user("ada@example.org").await;
    root.post(&format!("/users/{}/disable", ada.id), &[]).await;
    refused(&test, &identity("ada@example.org", "1", true)).await;
    let found = refusals(&test).await;
    let said: Vec<_> =
        found.iter().map(|entry| (entry.actor.as_str(), entry.details.as_deref().unwrap())).collect();
    assert_eq!(
        said,
        [
            ("ada@example.org", r#"{"person":"ada@example.org","why":"shut-out"}"#),
            ("system:sign-in", r#"{"person":"new@example.org","why":"unverified"}"#),
            ("system:sign-in", r#"{"person":"ada@example.org","why":"other-identity"}"#),
        ]
    );
    for entry in &found {
        assert_eq!(
            (entry.address.as_deref(), entry.request_id.as_deref()),
            (Some("192.0.2.7"), Some("request-7"))
        );
        assert_eq!(entry.outcome, telescope::domain::audit::Outcome::Failed);
    }
    let page = root.get("/audit?code=web.*&outcome=failed").await;
    let words = page.texts("#trail .what bdi");
    assert_eq!(words[0], "ada@example.org was denied access: blocked by an administrator");
    test.app.clock.advance(11 * 60);
    refused(&test, &identity("new@example.org", "3", false)).await;
    assert_eq!(refusals(&test).await.len(), 4, "a later one is another one");
}

#[tokio::test]
async fn many_invented_identities_do_not_fill_the_trail() {
    let test = TestApp::with_its_own_time().await;
    for number in 0..500 {
        refused(&test, &identity(&format!("a{number}@example.org"), &number.to_string(), false)).await;
    }
    assert_eq!(refusals(&test).await.len(), 100);
    let nobody = async |conn: &mut Conn<'_>| store::users::page(conn, "", "", test.app.clock.now(), 10).await;
    assert!(test.app.db.maintain(nobody).await.unwrap().is_empty(), "and nobody became known");
}

#[tokio::test]
async fn what_proves_nobody_leaves_no_entry() {
    let test = TestApp::new().await;
    let stranger = test.anonymous();
    for path in ["/audit", "/accounts", "/sign-in/callback?code=1&state=2", "/nothing"] {
        stranger.get(path).await;
    }
    stranger.post("/sign-in", &[("email", "nobody")]).await;
    stranger.post("/audit/export", &[("format", "csv")]).await;
    stranger.with_cookie("telescope=made-up").get("/audit").await;
    queue::flush(&test.app).await.unwrap();
    let all = audit::page(&mut test.app.db.read().await.unwrap(), &Filter::default(), 10).await.unwrap();
    assert!(all.is_empty(), "{all:?}");
}

/// Whoever brings many addresses uses up what is recorded of their own attempts, and of nobody else's.
#[tokio::test]
async fn one_identity_does_not_hide_what_others_do() {
    let test = TestApp::with_its_own_time().await;
    for number in 0..200 {
        refused(&test, &identity(&format!("eve-{number}@example.org"), "eve", false)).await;
    }
    refused(&test, &identity("mallory@example.org", "mallory", false)).await;
    assert_eq!(refusals(&test).await.len(), 10 + 1);
    test.app.clock.advance(5 * 60);
    refused(&test, &identity("trent@example.org", "trent", false)).await;
    queue::flush(&test.app).await.unwrap();
    let filter = Filter { code: Some("attempts.left-out".into()), ..Filter::default() };
    let found = audit::page(&mut test.app.db.read().await.unwrap(), &filter, 10).await.unwrap();
    let details: Vec<_> = found.iter().map(|entry| entry.details.as_deref().unwrap()).collect();
    assert_eq!(details, [r#"{"attempts":190}"#], "and one entry says how many are not there");
}
