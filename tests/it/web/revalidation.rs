//! Permissions are checked again when anything that they depend on changes: on open pages, and in what is cached for
//! times without a database.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::http::StatusCode;
use telescope::domain::privilege::{AccountPrivilege, AccountPrivileges, SystemPrivileges};
use telescope::domain::{Account, AccountId, DesiredState, Millis, Phone};
use telescope::store::{self, StoreError};

use super::app::{ADMIN, TestApp, Visitor};
use super::live::next;
use crate::support::waiting::DEADLINE;

const ADA: &str = "ada@example.org";
/// How long an open page may take to follow under load. Without a notification it checks every 15 seconds.
const AT_ONCE: Duration = Duration::from_secs(12);

/// Without the database a session stays valid as long as nothing changed since it was last checked.
#[tokio::test]
async fn a_cached_session_is_dropped_after_a_change() {
    let test = TestApp::new().await;
    let account = test.account(1, None).await;
    let (root, ada) = (test.signed_in(ADMIN).await, test.signed_in(ADA).await);
    let path = format!("/accounts/{}", account);
    let away = |away| {
        test.app.set_database_away(away);
    };
    for statement in ["update users set admin = false", "update users set disabled = true"] {
        for who in [&root, &ada] {
            assert_eq!(who.get("/accounts").await.status, StatusCode::OK);
        }
        away(true);
        assert_eq!(ada.get("/accounts").await.status, StatusCode::OK, "nothing was changed");
        away(false);
        test.sql(statement).await;
        test.apply_policy().await;
        away(true);
        for who in [&root, &ada] {
            assert_eq!(who.get("/accounts").await.status, StatusCode::SERVICE_UNAVAILABLE, "{statement}");
        }
        away(false);
        assert_ne!(root.get(&path).await.status, StatusCode::OK);
    }
}

/// Open pages check permissions again when a rule changes, however recent the last check is.
#[tokio::test]
async fn every_open_page_checks_again_when_a_rule_changes() {
    let test = TestApp::with_its_own_time().await;
    let account = test.account(1, None).await;
    let root = test.signed_in(ADMIN).await;
    let mut streams = Vec::new();
    for (path, place) in [
        ("/accounts/events".to_owned(), "#rows"),
        (format!("/accounts/{account}/events"), "#whole"),
        ("/audit/events".to_owned(), "#audit-entries"),
        ("/reveals/events".to_owned(), "#reveals-waiting"),
    ] {
        let mut stream = root.stream(&path).await;
        assert!(!next(&mut stream).await.contains("signed-out"), "{path}");
        streams.push((stream, place));
    }
    test.sql("update users set admin = false").await;
    test.apply_policy().await;
    for (mut stream, place) in streams {
        let follows = async {
            loop {
                let message = next(&mut stream).await;
                assert!(!message.is_empty(), "{place}: it ended without a message");
                if message.contains(&format!("hx-target=\"{place}\"")) {
                    return message;
                }
            }
        };
        let message = tokio::time::timeout(AT_ONCE, follows).await;
        let message = message.unwrap_or_else(|_| panic!("{place} follows"));
        assert!(!message.contains("+999") && !message.contains("signed in"), "{place}: {message}");
    }
}

/// Ending a session changes no rule and still takes effect at once: on open pages and in the cache.
#[tokio::test]
async fn an_ended_session_is_ended_everywhere() {
    for what in ["end-sessions", "forget-identity"] {
        let test = TestApp::with_its_own_time().await;
        let (root, ada) = (test.signed_in(ADMIN).await, test.signed_in(ADA).await);
        let mut stream = ada.stream("/accounts/events").await;
        next(&mut stream).await;
        let id = test.user(ADA).await.id;
        assert_eq!(root.post(&format!("/users/{id}/{what}"), &[]).await.status, StatusCode::SEE_OTHER);
        let ended = async { while !next(&mut stream).await.contains("event: signed-out") {} };
        tokio::time::timeout(AT_ONCE, ended).await.expect("the open page is closed");
        test.app.set_database_away(true);
        assert_eq!(ada.get("/accounts").await.status, StatusCode::SERVICE_UNAVAILABLE, "{what}");
    }
}

/// Asking for the state of a secret without the right to see it costs no database connection and nothing that grows
/// with the number of people.
#[tokio::test]
async fn a_refused_request_stream_needs_no_database() {
    let test = TestApp::new().await;
    let account = test.account(1, None).await;
    let mut held = Vec::new();
    while let Ok(Ok(conn)) = tokio::time::timeout(Duration::from_millis(300), test.app.db.read()).await {
        held.push(conn);
    }
    let path = format!("/accounts/{}/code/request/events", account);
    let answered = async {
        let mut stream = test.anonymous().stream(&path).await;
        next(&mut stream).await
    };
    let said = tokio::time::timeout(DEADLINE, answered).await.expect("an answer at once");
    assert!(said.contains("signed-out"), "{said}");
}

/// After a restored backup, or a failover to a replica that lacks the newest changes, the version of the rules is older than
/// the one in memory. Open pages follow it, and no request waits for a newer one.
#[test]
fn rules_whose_version_goes_back_are_followed() {
    let (done, is_done) = std::sync::mpsc::channel();
    // On a separate thread, because a server in an endless loop could not be cancelled here.
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        runtime.block_on(rules_go_back());
        done.send(())
    });
    is_done.recv_timeout(DEADLINE).expect("the server continues");
}

/// Ada has a role that gives her an account.
async fn viewer(test: &TestApp) -> (AccountId, Visitor) {
    let account = test.account(1, None).await;
    let group = test.group("sales", &[account]).await;
    let view = AccountPrivileges::of(&[AccountPrivilege::View]);
    let role = test.role("viewers", &[(group, view)], SystemPrivileges::NONE).await;
    test.give(ADA, role).await;
    let ada = test.signed_in(ADA).await;
    (account, ada)
}

async fn rules_go_back() {
    let test = TestApp::new().await;
    let (account, ada) = viewer(&test).await;
    let mut stream = ada.stream("/accounts/events").await;
    assert!(next(&mut stream).await.contains(&account.to_string()));
    test.sql("delete from role_members; update access_version set version = 1").await;
    test.apply_policy().await;
    assert_eq!(test.app.live.policy.current().version().number, 1);
    let message = next(&mut stream).await;
    assert!(message.contains("hx-target=\"#rows\"") && !message.contains(&account.to_string()), "{message}");
    let page = ada.get("/accounts").await;
    assert_eq!(page.texts("#rows h2"), ["No accounts yet"]);
}

/// Accounts leave a group, and a role gets rights on it, in one change. Its holders see the accounts neither before nor
/// after, so they must not see them in between either.
#[tokio::test(flavor = "multi_thread")]
async fn rules_and_the_groups_of_accounts_change_at_one_moment() {
    const MANY: u16 = 2000;
    let test = TestApp::new().await;
    let mut accounts = Vec::new();
    let made = async |conn: &mut store::Conn<'_>| -> Result<(), StoreError> {
        for number in 0..MANY {
            let account = Account {
                id: AccountId::generate(),
                identifier: Phone::test(1, number).into(),
                owner: None,
                comment: String::new(),
                groups: Vec::new(),
                wanted: DesiredState::Disconnected,
                folder: format!("folder-{number}"),
                created: Millis(0),
            };
            store::accounts::insert(conn, &account).await?;
            accounts.push(account);
        }
        Ok(())
    };
    test.app.db.maintain(made).await.unwrap();
    let ids: Vec<AccountId> = accounts.iter().map(|account| account.id).collect();
    accounts.into_iter().for_each(|account| test.app.live.accounts.put_account(account));
    test.group("sales", &ids).await;
    let role = test.role("viewers", &[], SystemPrivileges::NONE).await;
    test.give(ADA, role).await;
    let ada = test.signed_in(ADA).await;
    let mut stream = ada.stream("/accounts/events").await;
    next(&mut stream).await;
    let moved = "delete from account_group_members;
        insert into group_role_privileges (group_id, role_id, privilege)
        select account_groups.id, roles.id, 'view' from account_groups, roles";
    test.sql(moved).await;
    let done = Arc::new(AtomicBool::new(false));
    let look = || {
        let (ada, done) = (ada.clone(), Arc::clone(&done));
        tokio::spawn(async move {
            let mut seen = 0;
            while !done.load(Ordering::Relaxed) {
                seen += ada.get("/accounts").await.attributes("#rows tr[data-phone]", "data-phone").len();
            }
            seen
        })
    };
    let looking = [look(), look()];
    test.apply_policy().await;
    done.store(true, Ordering::Relaxed);
    for looked in looking {
        assert_eq!(looked.await.unwrap(), 0, "rows that nobody gave them");
    }
    let entry = test.app.live.accounts.get(ids[0]).unwrap();
    assert_eq!(entry.account.groups, []);
    // The first message after that is about a row that is theirs.
    test.account(MANY, Some(ADA)).await;
    let message = next(&mut stream).await;
    assert_eq!(message.matches("data-phone").count(), 1, "{message}");
}

/// An earlier state was restored, and as many changes were made since as were lost.
#[tokio::test]
async fn other_rules_of_the_same_number_are_noticed() {
    let test = TestApp::new().await;
    let (account, ada) = viewer(&test).await;
    assert_eq!(ada.get(&format!("/accounts/{account}")).await.status, 200);
    let seen = test.app.live.policy.current().version();
    test.sql(&format!("delete from role_members; update access_version set version = {}", seen.number)).await;
    test.apply_policy().await;
    let now = test.app.live.policy.current().version();
    assert_eq!(now.number, seen.number);
    assert_ne!(now, seen);
    assert_eq!(ada.get(&format!("/accounts/{account}")).await.status, 404);
}
