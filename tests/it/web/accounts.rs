//! The list of accounts: rows, filters, sorting, and what an empty list says.

mod finding;

use axum::http::StatusCode;
use telescope::domain::access::{Policy, Principal, decide};
use telescope::domain::account::Profile;
use telescope::domain::error::ErrorCode;
use telescope::domain::privilege::can;
use telescope::domain::{Account, DesiredState, GroupId, Network, Snapshot, Stage};
use telescope::ops::{OpError, accounts};
use telescope::store;

use super::app::{ADMIN, Answer, TestApp};

fn phones(page: &Answer) -> Vec<String> {
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    page.attributes("#rows tr[data-phone]", "data-phone").iter().map(|phone| phone[6..].to_owned()).collect()
}

#[tokio::test]
async fn an_empty_list_says_what_to_do() {
    let test = TestApp::new().await;
    let root = test.signed_in(ADMIN).await.get("/accounts").await;
    assert_eq!(root.texts("#rows h2"), ["No accounts yet"]);
    assert!(root.has("#rows a[href='/accounts/add']"));
    let member = test.signed_in("ada@example.org").await.get("/accounts").await;
    assert_eq!(member.texts("#rows h2"), ["No accounts yet"]);
    assert!(!member.has("a[href='/accounts/add']") && !member.has("form[action='/accounts/add-test']"));
}

#[tokio::test]
async fn a_row_shows_the_stage_and_the_next_action() {
    let test = TestApp::new().await;
    let owner = test.signed_in("ada@example.org").await;
    let wait_password =
        Stage::WaitPassword { hint: String::new(), recovery: telescope::domain::stage::Recovery::Impossible };
    for (number, stage, badge, next) in [
        (1, Stage::Disconnected, "Disconnected", "Connect"),
        (2, Stage::SignedOut, "Not logged in", "Log in…"),
        (3, wait_password, "Password required", "Enter password…"),
        (4, Stage::Ready, "Ready", ""),
        (5, Stage::Failed("No space left.".into()), "Failed", "Connect"),
        (6, Stage::Other("<new>".into()), "<new>", ""),
    ] {
        let id = test.account(number, Some("ada@example.org")).await;
        test.set_stage(id, stage.clone());
        let page = owner.get("/accounts").await;
        let row = format!("tr#account-{id}[data-stage={}]", stage.name());
        assert_eq!(page.texts(&format!("{row} .badge.{}", stage.mood().name())), [badge]);
        assert!(page.texts(&format!("{row} .actions a")).concat().starts_with(next), "{badge}");
        assert_eq!(page.has(&format!("{row} .actions a")), !next.is_empty(), "{badge}");
        // The same part on the account's page.
        assert_eq!(owner.get(&format!("/accounts/{id}")).await.texts("#step .badge"), [badge]);
    }
    let page = owner.get("/accounts?stage=failed").await;
    assert!(page.texts("#rows").concat().contains("No space left."));
}

#[tokio::test]
async fn a_wait_shows_its_end_and_the_script_counts_down() {
    let test = TestApp::new().await;
    let id = test.account(1, None).await;
    let until = test.app.clock.now().plus_seconds(3600);
    let snapshot = Snapshot { stage: Stage::SignedOut, flood_until: Some(until), ..Snapshot::off() };
    test.app.live.accounts.put_snapshot(id, snapshot);
    let page = test.signed_in(ADMIN).await.get(&format!("/accounts/{id}")).await;
    assert_eq!(page.texts("#step .note time"), [format!("{} UTC", until.rfc3339()[..19].replace('T', " "))]);
    let counted = format!("#step .note [aria-hidden=true][data-countdown='{}']", until.0);
    assert_eq!(
        page.texts(&counted),
        [""],
        "nothing without a script, and nothing that is read out each second"
    );
}

#[tokio::test]
async fn text_from_telegram_is_inert() {
    let test = TestApp::new().await;
    let id = test.account(1, None).await;
    let name = format!("\u{202e}<script>alert(1)</script>\" onload=x {}", "x".repeat(70_000));
    let profile = Profile { telegram_id: 1, name, username: Some("\"><img src=x>".into()) };
    let snapshot =
        Snapshot { stage: Stage::Ready, profile: Some(profile), network: Network::Ready, ..Snapshot::off() };
    test.app.live.accounts.put_snapshot(id, snapshot);
    let root = test.signed_in(ADMIN).await;
    for path in ["/accounts".to_owned(), format!("/accounts/{id}")] {
        let page = root.get(&path).await;
        assert_eq!(page.texts("script"), ["", ""], "{path}");
        assert!(page.attributes("script", "src").iter().all(|it| it.starts_with("/static/")), "{path}");
        assert!(!page.has("img[src=x]"), "{path}");
        assert!(page.texts("bdi").concat().contains("<script>alert(1)</script>"), "{path}");
    }
}

#[tokio::test]
async fn starting_clients_are_counted_for_those_who_see_them() {
    let test = TestApp::new().await;
    for (number, owner, stage) in [
        (1, "ada@example.org", Stage::Ready),
        (2, "ada@example.org", Stage::Starting),
        (3, "bob@example.org", Stage::Reconnecting),
    ] {
        let id = test.account(number, Some(owner)).await;
        test.set_stage(id, stage);
    }
    let root = test.signed_in(ADMIN).await;
    assert_eq!(root.get("/accounts").await.texts(".starting"), ["1 of 3 accounts started"]);
    let ada = test.signed_in("ada@example.org").await;
    assert_eq!(ada.get("/accounts").await.texts(".starting"), ["1 of 2 accounts started"]);
    let visitor = test.signed_in("eve@example.org").await;
    assert!(!visitor.get("/accounts").await.has(".starting"));
}

#[tokio::test]
async fn an_account_in_a_missing_group_is_still_shown() {
    let test = TestApp::new().await;
    let id = test.account(1, Some("ada@example.org")).await;
    let entry = test.app.live.accounts.get(id).unwrap();
    let account = Account { groups: vec![GroupId::generate()], ..entry.account.clone() };
    test.app.live.accounts.put_account(account);
    for email in [ADMIN, "ada@example.org"] {
        let person = test.signed_in(email).await;
        assert_eq!(phones(&person.get("/accounts").await), ["0001"]);
        let page = person.get(&format!("/accounts/{id}")).await;
        assert_eq!(page.status, StatusCode::OK);
        let mut stream = person.stream("/accounts/events").await;
        assert!(super::live::next(&mut stream).await.contains(&id.to_string()));
    }
}

/// Requests that were permitted before a removal began, and waited for the database while it was recorded.
#[tokio::test]
async fn a_removal_that_has_begun_is_neither_reverted_nor_started_again() {
    let test = TestApp::new().await;
    let id = test.account(1, None).await;
    let before = test.app.live.accounts.get(id).unwrap().account.clone();
    let policy = Policy::default();
    let connects = decide::<can::ManageConnectionState>(&policy, &Principal::Cli, &before).unwrap();
    let removes = decide::<can::RemoveAccount>(&policy, &Principal::Cli, &before).unwrap();
    accounts::remove::remove(&test.app, removes.grant(), "0001").await.unwrap();
    // The others have read the directory before that.
    let late = [
        accounts::connect(&test.app, connects.grant()).await,
        accounts::disconnect(&test.app, connects.grant()).await,
        {
            test.app.live.accounts.put_account(before);
            accounts::remove::remove(&test.app, removes.grant(), "0001").await
        },
    ];
    for result in late {
        let is_refused = matches!(result, Err(OpError::Refused(ErrorCode::AlreadyBeingRemoved)));
        assert!(is_refused, "{result:?}");
    }
    let conn = &mut test.app.db.read().await.unwrap();
    let stored = store::accounts::get(conn, id).await.unwrap().unwrap();
    assert_eq!(stored.wanted, DesiredState::Removed);
    assert_eq!(store::jobs::waiting(conn).await.unwrap().jobs.len(), 1);
}

/// The directory may receive two changes in another order than they were committed: each changes only its own fields.
#[tokio::test]
async fn a_desired_state_reverts_no_other_field() {
    let test = TestApp::new().await;
    let id = test.account(1, Some("ada@example.org")).await;
    let directory = &test.app.live.accounts;
    directory.put_details(id, None, "new".into(), vec![]);
    directory.put_wanted(id, DesiredState::Disconnected);
    let account = directory.get(id).unwrap().account.clone();
    assert_eq!((account.owner, account.comment.as_str()), (None, "new"));
    assert_eq!(account.wanted, DesiredState::Disconnected);
    directory.put_wanted(id, DesiredState::Removed);
    directory.put_wanted(id, DesiredState::Connected);
    assert_eq!(directory.get(id).unwrap().account.wanted, DesiredState::Removed);
}
