//! How long somebody stays signed in.

use axum::http::StatusCode;
use telescope::domain::Stage;
use telescope::live::events::Change;

use super::app::{ADMIN, TestApp};
use super::live::next;

const HOUR: i64 = 60 * 60;

#[tokio::test]
async fn whoever_works_stays_signed_in_and_whoever_leaves_does_not() {
    let test = TestApp::with_its_own_time().await;
    let answer = test.anonymous().post("/sign-in", &[("email", ADMIN)]).await;
    let cookie = answer.header("set-cookie");
    let age = cookie.split_once("Max-Age=").and_then(|(_, age)| age.split(';').next()?.parse::<i64>().ok());
    let week = 7 * 24 * HOUR;
    assert!(
        age.is_some_and(|age| (week - 5..=week).contains(&age)),
        "the browser keeps it that long: {cookie}"
    );

    let working = test.signed_in(ADMIN).await;
    let away = test.signed_in(ADMIN).await;
    test.app.clock.advance(11 * HOUR);
    assert_eq!(working.get("/accounts").await.status, StatusCode::OK);
    test.app.clock.advance(2 * HOUR);
    assert_eq!(working.get("/accounts").await.status, StatusCode::OK, "thirteen hours after signing in");
    let sent_away = away.get("/accounts").await;
    assert_eq!((sent_away.status, sent_away.header("location")), (StatusCode::SEE_OTHER, "/sign-in"));
}

#[tokio::test]
async fn an_open_page_alone_does_not_keep_somebody_signed_in() {
    let test = TestApp::with_its_own_time().await;
    let account = test.account(1, None).await;
    let root = test.signed_in(ADMIN).await;
    let mut stream = root.stream("/accounts/events").await;
    next(&mut stream).await;
    for stage in [Stage::Starting, Stage::SignedOut, Stage::Ready] {
        test.app.clock.advance(3 * HOUR);
        test.stands(account, stage.clone());
        let message = next(&mut stream).await;
        assert!(message.contains(stage.name()), "{message}");
    }
    test.app.clock.advance(3 * HOUR);
    test.stands(account, Stage::SignedOut);
    let message = next(&mut stream).await;
    assert!(message.contains("event: signed-out"), "twelve hours of looking on are no work: {message}");
    assert_eq!(root.get("/accounts").await.status, StatusCode::SEE_OTHER);
}

/// A page looks whether its session holds, for a reason of its own, while the session ends and an account changes. The
/// answer is older than the change, so the page asks again before it shows it.
#[tokio::test]
async fn an_answer_from_before_the_sessions_end_does_not_show_what_came_after_it() {
    let test = TestApp::with_its_own_time().await;
    let account = test.account(1, None).await;
    let root = test.signed_in(ADMIN).await;
    let mut stream = root.stream("/accounts/events").await;
    next(&mut stream).await;
    test.app.live.events.publish(Change::Policy);
    // The stream's task runs until it waits for the database.
    tokio::task::yield_now().await;
    test.app.clock.advance(12 * HOUR);
    test.stands(account, Stage::Ready);
    let message = next(&mut stream).await;
    assert!(message.contains("event: signed-out"), "{message}");
}
