//! How long sessions last.

use axum::http::StatusCode;
use telescope::domain::Stage;
use telescope::live::events::Change;

use super::app::{ADMIN, TestApp};
use super::live::next;

const HOUR: i64 = 60 * 60;

#[tokio::test]
async fn a_session_lasts_while_it_is_used() {
    let test = TestApp::with_its_own_time().await;
    let answer = test.anonymous().post("/sign-in", &[("email", ADMIN)]).await;
    let cookie = answer.header("set-cookie");
    let age = cookie.split_once("Max-Age=").and_then(|(_, age)| age.split(';').next()?.parse::<i64>().ok());
    let week = 7 * 24 * HOUR;
    assert!(age.is_some_and(|age| (week - 5..=week).contains(&age)), "the cookie's lifetime: {cookie}");

    let working = test.signed_in(ADMIN).await;
    let away = test.signed_in(ADMIN).await;
    test.app.clock.advance(11 * HOUR);
    assert_eq!(working.get("/accounts").await.status, StatusCode::OK);
    test.app.clock.advance(2 * HOUR);
    assert_eq!(working.get("/accounts").await.status, StatusCode::OK, "thirteen hours after signing in");
    let sent_away = away.get("/accounts").await;
    assert_eq!(
        (sent_away.status, sent_away.header("location")),
        (StatusCode::SEE_OTHER, "/sign-in?why=ended")
    );
}

#[tokio::test]
async fn an_open_page_alone_does_not_extend_a_session() {
    let test = TestApp::with_its_own_time().await;
    let account = test.account(1, None).await;
    let root = test.signed_in(ADMIN).await;
    let mut stream = root.stream("/accounts/events").await;
    next(&mut stream).await;
    for stage in [Stage::Starting, Stage::SignedOut, Stage::Ready] {
        test.app.clock.advance(3 * HOUR);
        test.set_stage(account, stage.clone());
        let message = next(&mut stream).await;
        assert!(message.contains(stage.name()), "{message}");
    }
    test.app.clock.advance(3 * HOUR);
    test.set_stage(account, Stage::SignedOut);
    let message = next(&mut stream).await;
    assert!(message.contains("event: signed-out"), "twelve hours without a request: {message}");
    assert_eq!(root.get("/accounts").await.status, StatusCode::SEE_OTHER);
}

/// A sign-in is decided in one transaction and its row inserted in another: ending the person's sessions between the two
/// ends this one as well.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_session_that_begins_while_sessions_are_ended_is_ended_too() {
    const ADA: &str = "ada@example.org";
    let test = TestApp::new().await;
    let root = test.signed_in(ADMIN).await;
    test.signed_in(ADA).await;
    let ada = test.user(ADA).await.id;
    let changes = ["end-sessions", "disable", "forget-identity", "grant-admin", "revoke-admin"];
    for round in 0..40 {
        let change = changes[round % changes.len()];
        let arrivals = (0..5).map(|_| {
            let visitor = test.anonymous();
            tokio::spawn(async move { visitor.post("/sign-in", &[("email", ADA)]).await })
        });
        let arrivals: Vec<_> = arrivals.collect();
        // The moment of the change differs from round to round.
        for _ in 0..round {
            tokio::task::yield_now().await;
        }
        let path = format!("/users/{ada}/{change}");
        let changed = root.post(&path, &[]).await;
        assert!(changed.status.is_redirection() || changed.status == StatusCode::OK, "{}", changed.body);
        let ended = test.user(ADA).await;
        let epoch = epoch_of(&test, ada).await;
        for arrival in arrivals {
            let answer = arrival.await.unwrap();
            let Some(cookie) = answer.header("set-cookie").split(';').next().filter(|it| it.contains('='))
            else {
                continue;
            };
            let began = began_in(&test, cookie).await;
            let page = test.anonymous().with_cookie(cookie).get("/accounts").await;
            let holds = page.status == StatusCode::OK;
            assert_eq!(
                holds,
                began == Some(epoch) && !ended.disabled,
                "{change}, round {round}: {began:?} {epoch}"
            );
        }
        if ended.disabled {
            root.post(&format!("/users/{ada}/enable"), &[]).await;
        }
    }
}

async fn epoch_of(test: &TestApp, user: telescope::domain::UserId) -> i64 {
    telescope::store::users::session_epoch(&mut test.app.db.read().await.unwrap(), user)
        .await
        .unwrap()
        .unwrap()
}

/// The epoch in which the session of a cookie began, if it has a row.
async fn began_in(test: &TestApp, cookie: &str) -> Option<i64> {
    use telescope::store::WebSessions;
    use tower_sessions::SessionStore;
    let (_, id) = cookie.split_once('=')?;
    let store = WebSessions::new(test.app.db.clone(), test.app.clock.clone());
    let record = store.load(&id.parse().ok()?).await.ok()??;
    record.data.get("epoch")?.as_i64()
}

/// An open page checks its session while the session ends and an account changes. The result is older than the change, so
/// the page checks again before it sends the change.
#[tokio::test]
async fn a_check_before_the_sessions_end_does_not_reveal_later_changes() {
    let test = TestApp::with_its_own_time().await;
    let account = test.account(1, None).await;
    let root = test.signed_in(ADMIN).await;
    let mut stream = root.stream("/accounts/events").await;
    next(&mut stream).await;
    test.app.live.events.publish(Change::Policy);
    // The stream's task runs until it waits for the database.
    tokio::task::yield_now().await;
    test.app.clock.advance(12 * HOUR);
    test.set_stage(account, Stage::Ready);
    let message = next(&mut stream).await;
    assert!(message.contains("event: signed-out"), "{message}");
}
