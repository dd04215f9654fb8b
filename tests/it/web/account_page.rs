//! One account's page: everything on it that can change is live, and what can't be done is not offered.

use axum::body::BodyDataStream;
use axum::http::StatusCode;
use telescope::domain::access::Principal;
use telescope::domain::account::{Frozen, Problem, Profile};
use telescope::domain::audit::{AuditEntry, AuditEvent};
use telescope::domain::refusal::LoginRefusal;
use telescope::domain::stage::{CodeDelivery, CodeSent, Recovery};
use telescope::domain::{
    Account, AccountId, DesiredState, Millis, SessionEndReason, Snapshot, Stage, StageToken,
};
use telescope::store::{self, StoreError};

use super::app::{ADMIN, TestApp};
use super::live::next;
use crate::support::waiting::DEADLINE;

/// Reads a stream until each of these was sent, in one message or in several. Returns the last.
async fn until(stream: &mut BodyDataStream, parts: &[&str]) -> String {
    let mut missing = parts.to_vec();
    let all = async {
        loop {
            let message = next(stream).await;
            assert!(!message.is_empty(), "the stream goes on");
            missing.retain(|part| !message.contains(part));
            if missing.is_empty() {
                return message;
            }
        }
    };
    match tokio::time::timeout(DEADLINE, all).await {
        Ok(message) => message,
        Err(_) => panic!("{parts:?} come"),
    }
}

fn sent_by_sms() -> CodeSent {
    CodeSent { way: CodeDelivery::Sms, length: 5, next: None, resend_from: None, no_other_way_until: None }
}

fn waits_for_a_code() -> Stage {
    Stage::WaitCode(sent_by_sms())
}

/// A code is requested for the account, as `ops::login` notes it.
async fn a_code_is_requested(test: &TestApp, id: AccountId, at: Millis) {
    let phone = test.app.live.accounts.get(id).unwrap().account.identifier.phone().unwrap().clone();
    let entry = AuditEntry::intent(at, &Principal::Cli, AuditEvent::CodeRequested).about(id);
    let noted = async |tx: &mut store::Tx<'_>| -> Result<(), StoreError> {
        store::login_attempts::insert(tx, &phone, at, "cli").await.map(drop)
    };
    test.app.write(&entry, noted).await.unwrap();
}

#[tokio::test]
async fn all_that_changes_is_sent_to_the_open_page() {
    let test = TestApp::with(&[("LOGIN_ATTEMPTS_PER_DAY", "4")]).await;
    let id = test.account(1, Some("ada@example.org")).await;
    let page = format!("/accounts/{id}");
    test.set_stage(id, Stage::SignedOut);
    let root = test.signed_in(ADMIN).await;
    let mut stream = root.stream(&format!("{page}/events")).await;
    let first = next(&mut stream).await;
    let loaded = root.get(&page).await;
    for place in ["heading", "step", "actions", "facts", "stored", "account-history"] {
        assert!(
            first.contains(&format!("hx-target=\"#{place}\" hx-swap=\"outerMorph\"")),
            "{place}: {first}"
        );
        assert!(loaded.has(&format!("#whole #{place}")), "{place}");
    }

    root.post(&format!("{page}/password"), &[("password", "made up")]).await;
    let stored =
        ["#stored\"", "Stored at", "#actions\"", "Show two-step password", "stored a two-step password"];
    until(&mut stream, &stored).await;
    root.post(&format!("{page}/password/remove"), &[]).await;
    until(&mut stream, &["Not stored", "removed the stored two-step password", "#actions\""]).await;

    a_code_is_requested(&test, id, test.app.clock.now()).await;
    let counted = "1 of 4 in the last 24 hours";
    let message = until(&mut stream, &["requested a login code"]).await;
    assert_eq!(message.matches(counted).count(), 2, "at its button and among the facts at once: {message}");

    root.edit(id, &[("owner", "bob@example.org"), ("comment", "Front desk"), ("groups", "Sales")]).await;
    until(&mut stream, &["bob@example.org", "Front desk", "Sales", "edited the owner, comment or groups"])
        .await;
    let sales = *test.app.live.accounts.groups().keys().next().unwrap();
    root.post(&format!("/groups/{sales}/approval"), &[("needed", "yes")]).await;
    until(&mut stream, &["Required to view codes and passwords"]).await;
    root.post(&format!("/groups/{sales}/rename"), &[("name", "Field sales")]).await;
    until(&mut stream, &["Field sales"]).await;

    test.set_stage(id, Stage::Ready);
    until(&mut stream, &["data-stage=\"ready\"", "Show login code", "Log out"]).await;
    let profile = Profile { telegram_id: 7, name: "Ada Almond".into(), username: Some("almond".into()) };
    let snapshot = Snapshot { stage: Stage::Ready, profile: Some(profile), ..Snapshot::off() };
    test.app.live.accounts.put_snapshot(id, snapshot);
    let message = until(&mut stream, &["Ada Almond", "@almond"]).await;
    assert!(
        !message.contains("#account-history") && !message.contains("#stored"),
        "only what changed: {message}"
    );
}

/// A page that was opened while the database was unavailable is completed when it is back.
#[tokio::test]
async fn what_was_missing_comes_with_the_database() {
    let test = TestApp::new().await;
    let id = test.account(1, None).await;
    let root = test.signed_in(ADMIN).await;
    assert!(
        root.get(&format!("/accounts/{id}")).await.texts("#account-history").concat().contains("No entries")
    );
    test.app.set_database_away(true);
    let page = root.get(&format!("/accounts/{id}")).await;
    assert!(page.texts("#account-history").concat().contains("unavailable"), "{}", page.body);
    let mut late = root.stream(&format!("/accounts/{id}/events")).await;
    until(&mut late, &["Not available while the database is unavailable"]).await;
    test.app.set_database_away(false);
    until(&mut late, &["No entries yet", " in the last 24 hours"]).await;
}

#[tokio::test]
async fn a_new_code_is_confirmed_and_its_button_rests() {
    let test = TestApp::with_clock(
        &[("LOGIN_ATTEMPTS_PER_DAY", "4")],
        telescope::clock::Clock::manual(telescope::clock::Clock::System.now()),
    )
    .await;
    let id = test.account(1, None).await;
    let root = test.signed_in(ADMIN).await;
    let page = format!("/accounts/{id}");
    let now = test.app.clock.now();
    a_code_is_requested(&test, id, now.plus_seconds(-3600)).await;
    a_code_is_requested(&test, id, now).await;
    let waits = Snapshot { stage: waits_for_a_code(), token: StageToken(7), ..Snapshot::off() };
    let sent = Snapshot { code_sent: Some(now), ..waits.clone() };
    test.app.live.accounts.put_snapshot(id, sent.clone());
    let answer = root.get(&page).await;
    let said = answer.texts("#code-sent").concat();
    let at = now.rfc3339()[..19].replace('T', " ");
    assert_eq!(said, format!("New code sent at {at} UTC . 2 of 4 in the last 24 hours."));
    assert!(answer.has("#send-code[disabled]") && answer.has("#code-rests time"), "{}", answer.body);
    assert!(answer.has("#code-rests [data-countdown]") && answer.has("#show-qr:not([disabled])"));
    // The same in the dialog, and where the page is answered in part.
    assert!(root.fragment(&format!("{page}/provide")).await.has("#send-code[disabled]"));

    test.app.clock.advance(31);
    assert!(root.get(&page).await.has("#send-code:not([disabled])"));
    // Telegram may want a longer pause.
    let later = CodeSent { resend_from: Some(test.app.clock.now().plus_seconds(60)), ..sent_by_sms() };
    test.app.live.accounts.put_snapshot(id, Snapshot { stage: Stage::WaitCode(later), ..sent });
    assert!(root.get(&page).await.has("#send-code[disabled]"));

    for _ in 0..2 {
        a_code_is_requested(&test, id, test.app.clock.now()).await;
    }
    test.app.live.accounts.put_snapshot(id, waits);
    let answer = root.get(&page).await;
    assert!(answer.has("#send-code[disabled]"), "{}", answer.body);
    let limit = answer.texts("#code-limit").concat();
    let free = Millis(now.plus_seconds(23 * 3600).0 + 1).rfc3339()[..19].replace('T', " ");
    assert!(limit.contains(&format!("You can request the next code at {free} UTC")), "{limit}");
    assert!(answer.has("#code-limit [data-countdown]"));
}

#[tokio::test]
async fn during_a_flood_wait_no_code_is_requested_or_counted() {
    let test = TestApp::new().await;
    let id = test.account(1, None).await;
    let root = test.signed_in(ADMIN).await;
    let until = test.app.clock.now().plus_seconds(600);
    let refusal = LoginRefusal::of(429, "Too Many Requests: retry after 600");
    let problem = Some(Problem::Refused(refusal));
    let flooded = Snapshot {
        stage: Stage::SignedOut,
        token: StageToken(7),
        flood_until: Some(until),
        problem,
        ..Snapshot::off()
    };
    // A client has to run for a request to come that far.
    root.post(&format!("/accounts/{id}/connect"), &[]).await;
    test.app.live.accounts.put_snapshot(id, flooded);
    let page = root.get(&format!("/accounts/{id}")).await;
    assert!(page.has("#send-code[disabled]") && page.has("#step .note [data-countdown]"), "{}", page.body);
    assert_eq!(page.texts("#step .note").len(), 1, "it is said once: {}", page.body);
    let answer =
        root.post(&format!("/accounts/{id}/login-action"), &[("token", "7"), ("action", "send-code")]).await;
    assert_eq!(answer.status, StatusCode::TOO_MANY_REQUESTS, "{}", answer.body);
    let phone = test.app.live.accounts.get(id).unwrap().account.identifier.phone().unwrap().clone();
    let conn = &mut test.app.db.read().await.unwrap();
    assert_eq!(store::login_attempts::count_since(conn, &phone, Millis(0)).await.unwrap(), 0);
}

#[tokio::test]
async fn only_what_can_be_done_is_offered() {
    let test = TestApp::new().await;
    let root = test.signed_in(ADMIN).await;
    let wait_password = Stage::WaitPassword { hint: String::new(), recovery: Recovery::Impossible };
    for (number, (stage, shows_code, logs_out)) in (1..).zip([
        (Stage::Ready, true, true),
        (Stage::SignedOut, false, false),
        (Stage::Ended(SessionEndReason::Revoked), false, false),
        (Stage::Ended(SessionEndReason::LoggedOut), false, false),
        (waits_for_a_code(), false, true),
        (wait_password.clone(), false, true),
        (Stage::Disconnected, false, false),
        (Stage::Failed("No space left.".into()), false, false),
    ]) {
        let id = test.account(number, None).await;
        test.set_stage(id, stage.clone());
        let page = root.get(&format!("/accounts/{id}")).await;
        assert_eq!(page.has("#show-code"), shows_code, "{stage:?}");
        assert_eq!(page.has("#log-out"), logs_out, "{stage:?}");
        assert_eq!(page.has("#disconnect"), stage != Stage::Disconnected, "{stage:?}");
        assert!(page.has("#remove"), "{stage:?}");
    }
    let id = test.account(50, None).await;
    test.set_stage(id, wait_password);
    assert!(!root.get(&format!("/accounts/{id}")).await.has("#send-code"), "the code was right");
    test.set_stage(id, Stage::Ready);
    assert_eq!(root.get(&format!("/accounts/{id}")).await.texts("#actions .primary"), ["Show login code"]);
    let login = root.fragment(&format!("/accounts/{id}/provide")).await;
    assert!(!login.body.contains("Disconnect") && login.body.contains("Open account"), "{}", login.body);
    let leaving =
        Account { wanted: DesiredState::Removed, ..test.app.live.accounts.get(id).unwrap().account.clone() };
    test.app.live.accounts.put_account(leaving);
    let page = root.get(&format!("/accounts/{id}")).await;
    for button in ["#show-code", "#log-out", "#remove", "#disconnect", "#set-password"] {
        assert!(!page.has(button), "{button}");
    }
}

#[tokio::test]
async fn a_frozen_account_is_not_ready() {
    let test = TestApp::new().await;
    let (frozen, ready) = (test.account(1, None).await, test.account(2, None).await);
    test.set_stage(ready, Stage::Ready);
    let dates =
        Frozen { since: Some(Millis(1_795_000_000_000)), deleted_at: Some(Millis(1_797_592_000_000)) };
    let snapshot = Snapshot { stage: Stage::Ready, frozen: Some(dates), ..Snapshot::off() };
    test.app.live.accounts.put_snapshot(frozen, snapshot);
    let root = test.signed_in(ADMIN).await;
    let list = root.get("/accounts").await;
    assert_eq!(list.texts("#summary li a")[1..], ["Frozen 1", "Ready 1"], "the urgent first");
    assert_eq!(list.texts("tr[data-stage=frozen] .badge.bad"), ["Frozen"]);
    assert!(list.texts("tr[data-stage=frozen] .state").concat().contains("2026-11-18"), "{}", list.body);
    let only = root.get("/accounts?stage=frozen").await;
    assert_eq!(only.attributes("#rows tr", "data-phone"), ["9996620001"]);
    assert_eq!(root.get("/accounts?stage=ready").await.attributes("#rows tr", "data-phone"), ["9996620002"]);
    let page = root.get(&format!("/accounts/{frozen}")).await;
    assert_eq!(page.texts("#step .badge.bad"), ["Frozen"]);
    let said = page.texts("#step .meaning").concat();
    assert!(said.contains("Frozen since 2026-11-18") && said.contains("delete it at 2026-12-18"), "{said}");
    assert!(page.has("#show-code"), "its codes still arrive");
}

#[tokio::test]
async fn a_stored_password_can_be_removed() {
    let test = TestApp::new().await;
    let id = test.account(1, None).await;
    let root = test.signed_in(ADMIN).await;
    let page = format!("/accounts/{id}");
    let remove = format!("{page}/password/remove");
    assert!(!root.get(&page).await.has("#forget-password"));
    assert!(!root.get(&remove).await.has("main form[method=post]"), "there is nothing to remove");
    root.post(&format!("{page}/password"), &[("password", "made up")]).await;
    assert!(root.get(&page).await.has("#forget-password"));
    assert!(root.get(&remove).await.texts("main button.danger").concat().contains("Remove"), "it asks first");
    assert_eq!(root.post(&remove, &[]).await.status, StatusCode::SEE_OTHER);
    let after = root.get(&page).await;
    assert!(!after.has("#forget-password") && !after.has("#show-password"));
    assert!(after.texts("#account-history").concat().contains("removed the stored two-step password"));
    assert_eq!(root.post(&remove, &[]).await.status, StatusCode::CONFLICT);
    let conn = &mut test.app.db.read().await.unwrap();
    assert_eq!(store::secrets::two_step_password(conn, id).await.unwrap(), None);
}

/// A form from before another person stored or removed the password replaces or removes nothing.
#[tokio::test]
async fn a_password_that_another_person_stored_meanwhile_is_not_replaced_unseen() {
    let test = TestApp::with_its_own_time().await;
    let id = test.account(1, None).await;
    let root = test.signed_in(ADMIN).await;
    let page = format!("/accounts/{id}");
    let (store, remove) = (format!("{page}/password"), format!("{page}/password/remove"));
    let seen = async |path: &str| root.get(path).await.attributes("[name=seen]", "value").concat();
    let stored = async || {
        let conn = &mut test.app.db.read().await.unwrap();
        store::secrets::two_step_password(conn, id).await.unwrap().map(|fact| fact.stored_at)
    };
    let none = seen(&store).await;
    assert_eq!(
        root.post(&store, &[("seen", &none), ("password", "theirs")]).await.status,
        StatusCode::SEE_OTHER
    );
    let theirs = stored().await;
    test.app.clock.advance(5);
    let late = root.post(&store, &[("seen", &none), ("password", "mine")]).await;
    assert_eq!(late.status, StatusCode::CONFLICT, "{}", late.body);
    assert!(late.texts(".note.bad").concat().contains("Another person stored"), "{}", late.body);
    assert!(!late.body.contains("mine"), "a password is never shown again");
    assert_eq!(stored().await, theirs);

    let asked = seen(&remove).await;
    let now = late.attributes("[name=seen]", "value").concat();
    assert_eq!(
        root.post(&store, &[("seen", &now), ("password", "mine")]).await.status,
        StatusCode::SEE_OTHER
    );
    let refused = root.post(&remove, &[("seen", &asked)]).await;
    assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.body);
    assert!(stored().await > theirs, "the newer one stays");
    let asked = refused.attributes("[name=seen]", "value").concat();
    assert_eq!(root.post(&remove, &[("seen", &asked)]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(stored().await, None);
}

#[tokio::test]
async fn an_account_is_a_person() {
    let test = TestApp::new().await;
    let id = test.account(1, None).await;
    let root = test.signed_in(ADMIN).await;
    let page = format!("/accounts/{id}");
    assert_eq!(root.get(&page).await.texts("h1"), ["+999 662 0001"]);
    let profile = Profile { telegram_id: 7, name: "Ada Almond".into(), username: Some("almond".into()) };
    let snapshot = Snapshot { stage: Stage::Ready, profile: Some(profile), ..Snapshot::off() };
    test.app.live.accounts.put_snapshot(id, snapshot);
    let answer = root.get(&page).await;
    assert_eq!(answer.texts("h1"), ["Ada Almond"]);
    assert_eq!(
        answer.attributes("#heading [data-copy-value]", "data-copy-value"),
        ["@almond", "+9996620001"]
    );
    assert_eq!(answer.texts("#heading .phone"), ["+999 662 0001"]);
}
