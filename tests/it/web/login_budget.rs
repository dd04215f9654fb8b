//! The limit of login codes of a number, and allowing more.

use axum::http::StatusCode;
use telescope::domain::access::Principal;
use telescope::domain::audit::{AuditEntry, AuditEvent};
use telescope::domain::privilege::{AccountPrivilege, AccountPrivileges, SystemPrivilege, SystemPrivileges};
use telescope::domain::{AccountId, Millis, Stage};
use telescope::store::{self, StoreError};

use super::app::{ADMIN, TestApp};
use crate::support::waiting::{DEADLINE, until};

/// So many codes have been requested for the account.
async fn codes_were_requested(test: &TestApp, id: AccountId, count: u32) {
    let phone = test.app.live.accounts.get(id).unwrap().account.identifier.phone().unwrap().clone();
    let now = test.app.clock.now();
    for _ in 0..count {
        let entry = AuditEntry::intent(now, &Principal::Cli, AuditEvent::CodeRequested).about(id);
        let noted = async |tx: &mut store::Tx<'_>| -> Result<(), StoreError> {
            store::login_attempts::insert(tx, &phone, now, "bob@example.org").await.map(drop)
        };
        test.app.write(&entry, noted).await.unwrap();
    }
}

#[tokio::test]
async fn more_codes_are_allowed_with_a_reason() {
    let test = TestApp::with(&[("LOGIN_ATTEMPTS_PER_DAY", "4")]).await;
    let root = test.signed_in(ADMIN).await;
    let id = test.account(1, None).await;
    test.set_stage(id, Stage::SignedOut);
    let page = format!("/accounts/{id}");
    let allow = format!("{page}/codes/allow");
    codes_were_requested(&test, id, 3).await;
    let shown = root.get(&page).await;
    assert!(!shown.has("#allow-codes") && shown.has("#send-code:not([disabled])"), "{}", shown.body);
    codes_were_requested(&test, id, 1).await;
    let shown = root.get(&page).await;
    assert!(shown.has("#allow-codes") && shown.has("#send-code[disabled]"), "{}", shown.body);

    for reason in ["", "  ", "ab", "tab\tin it"] {
        let answer = root.post(&allow, &[("reason", reason)]).await;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{reason:?}");
        assert!(answer.has("#reason-error"), "{}", answer.body);
    }
    assert!(root.get(&page).await.has("#send-code[disabled]"));
    let reason = "The codes of today went to the old phone";
    assert_eq!(root.post(&allow, &[("reason", reason)]).await.status, StatusCode::SEE_OTHER);
    let shown = root.get(&page).await;
    assert!(!shown.has("#allow-codes") && shown.has("#send-code:not([disabled])"), "{}", shown.body);
    assert!(shown.texts("#codes-used").concat().contains("0 of 4"), "{}", shown.body);
    let log = root.get("/audit").await;
    assert!(log.body.contains("allowed more login codes") && log.body.contains(reason), "{}", log.body);
    // Nothing is left to allow.
    assert_eq!(root.post(&allow, &[("reason", reason)]).await.status, StatusCode::CONFLICT);

    let conn = &mut test.app.db.read().await.unwrap();
    let by_bob = store::login_attempts::count_by_actor(conn, "bob@example.org", Millis(0)).await.unwrap();
    assert_eq!(by_bob, 4, "they still count for the person who requested them");
}

#[tokio::test]
async fn only_people_who_also_manage_access_may_allow_more() {
    let test = TestApp::with(&[("LOGIN_ATTEMPTS_PER_DAY", "1")]).await;
    let id = test.account(1, None).await;
    test.set_stage(id, Stage::SignedOut);
    codes_were_requested(&test, id, 1).await;
    let group = test.group("Sales", &[id]).await;
    let rights = |rights: &[AccountPrivilege]| [(group, AccountPrivileges::of(rights))];
    let manages = SystemPrivileges::of(&[SystemPrivilege::ManageAccess]);
    let (view, login) = (AccountPrivilege::View, AccountPrivilege::Login);
    for (person, privileges, system, may) in [
        ("ada@example.org", rights(&[view, login]), SystemPrivileges::NONE, false),
        ("bob@example.org", rights(&[view]), manages, false),
        ("carol@example.org", rights(&[view, login]), manages, true),
    ] {
        let role = test.role(person, &privileges, system).await;
        test.give(person, role).await;
        let visitor = test.signed_in(person).await;
        assert_eq!(visitor.get(&format!("/accounts/{id}")).await.has("#allow-codes"), may, "{person}");
        let answer =
            visitor.post(&format!("/accounts/{id}/codes/allow"), &[("reason", "It is urgent")]).await;
        let expected = if may { StatusCode::SEE_OTHER } else { StatusCode::FORBIDDEN };
        assert_eq!(answer.status, expected, "{person}: {}", answer.body);
    }
}

#[tokio::test]
async fn an_email_address_to_which_telegram_sends_a_code_counts() {
    let test = TestApp::with(&[("LOGIN_ATTEMPTS_PER_DAY", "2")]).await;
    let root = test.signed_in(ADMIN).await;
    let added = root.post("/accounts/add", &[("phone", "+9996620077"), ("owner", ""), ("comment", "")]).await;
    assert_eq!(added.status, StatusCode::SEE_OTHER, "{}", added.body);
    let id = test.app.live.accounts.listing().iter().next().unwrap().account.id;
    // Nothing that its client says comes after that.
    let has_begun = async || {
        let entry = test.app.live.accounts.get(id).unwrap();
        (entry.snapshot.stage != Stage::Disconnected).then_some(())
    };
    until("the client starts", DEADLINE, has_begun).await;
    let gives = async || {
        test.set_stage(id, Stage::WaitEmailAddress);
        let form = [("token", "7"), ("email", "login@example.org")];
        root.post(&format!("/accounts/{id}/provide"), &form).await.texts("#step").concat()
    };
    let counted = async || {
        let phone = test.app.live.accounts.get(id).unwrap().account.identifier.phone().unwrap().clone();
        let conn = &mut test.app.db.read().await.unwrap();
        store::login_attempts::count_since(conn, &phone, Millis(0)).await.unwrap()
    };
    codes_were_requested(&test, id, 1).await;
    // The client of this test sends nothing, so it does not count.
    assert!(gives().await.contains("out of date"));
    assert_eq!(counted().await, 1);
    codes_were_requested(&test, id, 1).await;
    let said = gives().await;
    assert!(said.contains("2 codes were requested"), "{said}");
}
