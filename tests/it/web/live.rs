//! Live updates of open pages.

use std::time::Duration;

use axum::body::{Body, BodyDataStream};
use axum::http::Method;
use futures_util::StreamExt;
use telescope::domain::{Email, Stage};
use telescope::store::{self, StoreError};

use super::app::{ADMIN, TestApp};
use crate::support::waiting::{DEADLINE, until};

/// The next message of a stream, without comments; empty if the stream has ended.
pub async fn next(stream: &mut BodyDataStream) -> String {
    loop {
        let piece = tokio::time::timeout(DEADLINE, stream.next());
        match piece.await.expect("a message comes") {
            Some(bytes) => {
                let text = String::from_utf8(bytes.unwrap().to_vec()).unwrap();
                if !text.starts_with(':') {
                    return text;
                }
            }
            None => return String::new(),
        }
    }
}

/// Asserts that the next message is `event`.
async fn next_is(stream: &mut BodyDataStream, event: &str) {
    let message = next(stream).await;
    assert!(message.contains(&format!("event: {event}\n")), "{message}");
}

#[tokio::test]
async fn a_stream_starts_with_the_current_state_and_then_sends_changes() {
    let test = TestApp::new().await;
    let first = test.account(1, None).await;
    let second = test.account(2, None).await;
    let root = test.signed_in(ADMIN).await;
    let mut stream = root.stream("/accounts/events").await;
    let message = next(&mut stream).await;
    assert!(message.lines().any(|line| line.starts_with("id: ") && line.contains('-')), "{message}");
    assert!(message.contains("hx-target=\"#rows\" hx-swap=\"innerMorph\""));
    assert!(message.contains(&format!("account-{first}")) && message.contains(&format!("account-{second}")));

    test.set_stage(first, Stage::Ready);
    let message = next(&mut stream).await;
    assert!(message.contains(&format!("hx-target=\"#account-{first}\" hx-swap=\"outerMorph\"")), "{message}");
    assert!(message.contains("data-stage=\"ready\""));
    assert!(!message.contains(&format!("account-{second}")) && !message.contains("#rows"), "{message}");
    assert!(message.contains("#summary"), "the counts changed, too: {message}");

    let third = test.account(3, None).await;
    let message = next(&mut stream).await;
    assert!(message.contains("hx-target=\"#rows\"") && message.contains(&format!("account-{third}")));
}

#[tokio::test]
async fn many_changes_at_once_are_one_message() {
    let test = TestApp::new().await;
    let ids = [test.account(1, None).await, test.account(2, None).await, test.account(3, None).await];
    let root = test.signed_in(ADMIN).await;
    let mut stream = root.stream("/accounts/events").await;
    next(&mut stream).await;
    for stage in [Stage::Starting, Stage::SignedOut, Stage::Ready] {
        for id in ids {
            test.set_stage(id, stage.clone());
        }
    }
    let message = next(&mut stream).await;
    for id in ids {
        assert_eq!(message.matches(&format!("hx-target=\"#account-{id}\"")).count(), 1, "{message}");
    }
    assert!(!message.contains("data-stage=\"starting\""), "only the newest state: {message}");
}

#[tokio::test]
async fn each_viewer_gets_only_visible_accounts() {
    let test = TestApp::new().await;
    let adas = test.account(1, Some("ada@example.org")).await;
    let bobs = test.account(2, Some("bob@example.org")).await;
    let ada = test.signed_in("ada@example.org").await;
    let mut stream = ada.stream("/accounts/events").await;
    let message = next(&mut stream).await;
    assert!(message.contains(&adas.to_string()) && !message.contains(&bobs.to_string()), "{message}");
    test.set_stage(bobs, Stage::Ready);
    test.set_stage(adas, Stage::SignedOut);
    let message = next(&mut stream).await;
    assert!(message.contains(&adas.to_string()) && !message.contains(&bobs.to_string()), "{message}");
    assert!(!message.contains("9996620002"), "{message}");
}

#[tokio::test]
async fn a_filtered_stream_adds_and_removes_rows() {
    let test = TestApp::new().await;
    let id = test.account(1, None).await;
    let root = test.signed_in(ADMIN).await;
    let mut stream = root.stream("/accounts/events?stage=ready").await;
    assert!(next(&mut stream).await.contains("No matching accounts"));
    test.set_stage(id, Stage::Ready);
    assert!(next(&mut stream).await.contains(&format!("id=\"account-{id}\"")));
    test.set_stage(id, Stage::SignedOut);
    let message = next(&mut stream).await;
    assert!(message.contains("No matching accounts") && !message.contains(&id.to_string()), "{message}");
}

#[tokio::test]
async fn a_stream_ends_with_its_session_and_sends_signed_out() {
    let test = TestApp::new().await;
    let root = test.signed_in(ADMIN).await;
    let mut list = root.stream("/accounts/events").await;
    next(&mut list).await;
    root.post("/sign-out", &[]).await;
    next_is(&mut list, "signed-out").await;
    assert_eq!(next(&mut list).await, "", "it has ended");
    let mut late = root.stream("/accounts/events").await;
    next_is(&mut late, "signed-out").await;
    assert_eq!(next(&mut late).await, "");
}

#[tokio::test]
async fn permissions_are_checked_before_each_message() {
    let test = TestApp::new().await;
    let id = test.account(1, Some("ada@example.org")).await;
    let ada = test.signed_in("ada@example.org").await;
    let mut list = ada.stream("/accounts/events").await;
    let ada_saw = ada.get(&format!("/accounts/{id}")).await;
    let mut page = ada.stream(&format!("/accounts/{id}/events")).await;
    next(&mut list).await;
    assert!(next(&mut page).await.contains("hx-target=\"#step\""));
    // The owner changes; open pages are updated by the same change.
    let mut account = test.app.live.accounts.get(id).unwrap().account.clone();
    account.owner = Some(Email::parse("bob@example.org").unwrap());
    test.app.live.accounts.put_account(account);
    assert!(next(&mut list).await.contains("No accounts yet"));
    let message = next(&mut page).await;
    assert!(message.contains("was removed"), "{message}");
    for place in ["#whole", "#dialog-body"] {
        assert!(message.contains(&format!("hx-target=\"{place}\" hx-swap=\"innerHTML\"")), "{message}");
    }
    let whole = ada_saw.texts("#whole").join(" ");
    assert!(whole.contains("+999 662 0001") && whole.contains("History"), "{whole}");
    test.set_stage(id, Stage::Ready);
    // Ada is blocked: at the latest a second later the next change ends the stream.
    let shut_out = async |conn: &mut store::Conn<'_>| -> Result<(), StoreError> {
        let address = Email::parse("ada@example.org").unwrap();
        let user = store::users::by_email(conn, &address).await?.ok_or(StoreError::Missing)?;
        store::users::set_disabled(conn, user.id, true).await
    };
    test.app.db.maintain(shut_out).await.unwrap();
    let deadline = tokio::time::Instant::now() + DEADLINE;
    let mut other = 2;
    loop {
        assert!(tokio::time::Instant::now() < deadline, "the stream ends");
        other += 1;
        test.account(other, Some("ada@example.org")).await;
        if next(&mut list).await.contains("event: signed-out") {
            break;
        }
    }
}

#[tokio::test]
async fn streams_end_when_the_program_stops() {
    let test = TestApp::new().await;
    let root = test.signed_in(ADMIN).await;
    let mut stream = root.stream("/accounts/events").await;
    next(&mut stream).await;
    test.app.stopping.cancel();
    assert_eq!(next(&mut stream).await, "");
}

#[tokio::test]
async fn an_open_page_says_that_the_database_is_unavailable_and_back() {
    let test = TestApp::new().await;
    let root = test.signed_in(ADMIN).await;
    let mut stream = root.stream("/accounts/events").await;
    next(&mut stream).await;
    for (away, said) in [(true, true), (false, false)] {
        test.app.set_database_away(away);
        let message = next(&mut stream).await;
        assert!(message.contains("hx-target=\"#notices\""), "{message}");
        assert_eq!(message.contains("The database is unavailable"), said, "{message}");
    }
}

/// A person's streams of all kinds are counted together, and separately from those of others.
#[tokio::test]
async fn one_stream_too_many_is_refused_and_open_ones_stay_open() {
    let test = TestApp::with(&[("STREAMS_PER_USER", "2")]).await;
    let id = test.account(1, Some("ada@example.org")).await;
    let ada = test.signed_in("ada@example.org").await;
    let again = test.signed_in("ada@example.org").await;
    let list = ada.stream("/accounts/events").await;
    let mut page = again.stream(&format!("/accounts/{id}/events")).await;
    next(&mut page).await;
    for path in
        ["/accounts/events".into(), format!("/accounts/{id}/events"), format!("/accounts/{id}/code/events")]
    {
        let Err(refused) = ada.try_stream(&path).await else { panic!("{path} is one too many") };
        assert_eq!(refused.status, 429, "{path}");
        assert!(refused.body.starts_with("Too many open pages"), "{path}: {}", refused.body);
    }
    assert_eq!(ada.get("/accounts").await.status, 200, "pages themselves are not limited");
    let root = test.signed_in(ADMIN).await;
    next(&mut root.stream("/accounts/events").await).await;
    test.set_stage(id, Stage::Ready);
    assert!(next(&mut page).await.contains("data-stage=\"ready\""), "the open one stays open");

    drop(list);
    let reopened = until("the closed stream no longer counts", DEADLINE, async || {
        ada.try_stream("/accounts/events").await.ok()
    });
    let _reopened = reopened.await;
    assert!(ada.try_stream("/accounts/events").await.is_err(), "only one stream was closed");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_change_is_lost_to_any_of_ten_viewers() {
    const CHANGES: u16 = 100;
    let test = TestApp::new().await;
    let mut accounts = Vec::new();
    for number in 1..=CHANGES {
        accounts.push(test.account(number, None).await);
    }
    let root = test.signed_in(ADMIN).await;
    let mut viewers = Vec::new();
    for _ in 0..10 {
        let mut stream = root.stream("/accounts/events").await;
        next(&mut stream).await;
        viewers.push(tokio::spawn(async move {
            let mut missing: Vec<String> = (1..=CHANGES).map(|number| format!("change {number}.")).collect();
            while !missing.is_empty() {
                let message = next(&mut stream).await;
                missing.retain(|change| !message.contains(change.as_str()));
            }
        }));
    }
    // Each happens while others are being collected, rendered or sent.
    for (number, id) in (1..).zip(accounts) {
        let mut account = test.app.live.accounts.get(id).unwrap().account.clone();
        account.comment = format!("change {number}.");
        test.app.live.accounts.put_account(account);
        tokio::time::sleep(Duration::from_millis(number * 7 % 23)).await;
    }
    for viewer in viewers {
        viewer.await.expect("every change was shown to every viewer");
    }
}

#[tokio::test]
async fn an_invalid_request_affects_nothing_else() {
    let test = TestApp::new().await;
    let id = test.account(1, Some("ada@example.org")).await;
    let root = test.signed_in(ADMIN).await;
    let mut stream = root.stream("/accounts/events").await;
    next(&mut stream).await;
    for path in
        ["/accounts/add".to_owned(), format!("/accounts/{id}/provide"), format!("/accounts/{id}/edit")]
    {
        for (kind, body) in [
            ("application/json", "{\"data\": null}"),
            ("application/json", "{"),
            ("application/x-www-form-urlencoded", "%%%=&&&&=%ff%00"),
            ("application/x-www-form-urlencoded", "token=1&token=2&phone=1&phone=2&owner=a&owner=b"),
            ("multipart/form-data; boundary=x", "--x"),
            ("nonsense", "\u{0}"),
        ] {
            let request = root.request(Method::POST, &path).header("content-type", kind);
            let answer = root.send(request.body(Body::from(body)).unwrap()).await;
            let nothing_in_it = answer.status == 303 && path.ends_with("/edit");
            assert!(
                answer.status.is_client_error() || nothing_in_it,
                "{path} {kind} {body:?}: {}",
                answer.status
            );
        }
    }
    let owner = test.app.live.accounts.get(id).unwrap().account.owner.clone();
    assert_eq!(owner, Some(Email::parse("ada@example.org").unwrap()), "invalid forms change nothing");
    test.set_stage(id, Stage::Ready);
    let ready = async { while !next(&mut stream).await.contains("data-stage=\"ready\"") {} };
    tokio::time::timeout(DEADLINE, ready).await.expect("the open page still follows");
}
