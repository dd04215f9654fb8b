//! The lines of a task: rights are checked when each is begun, what failed can be retried, the rest can be stopped, and
//! nothing that was changed in the database is done.

use axum::http::StatusCode;
use telescope::clock::Clock;
use telescope::domain::job_line::LINE_LIFETIME;
use telescope::domain::privilege::AccountPrivilege;
use telescope::domain::{AccountId, GroupId, Stage};
use telescope::store::{self, StoreError};

use super::super::app::{ADMIN, TestApp, Visitor};
use super::{BOB, begun, job_of, lines_of, person, recorded, row, states, step, wanted};

async fn two(test: &TestApp) -> (Vec<AccountId>, GroupId, Visitor) {
    let ids = vec![test.account(1, None).await, test.account(2, None).await];
    let group = test.group("Desk", &ids).await;
    let may: &[_] = &[
        AccountPrivilege::View,
        AccountPrivilege::ManageConnectionState,
        AccountPrivilege::EditTwoFactorPassword,
    ];
    let bob = person(test, BOB, &[(group, may)], &[]).await;
    (ids, group, bob)
}

#[tokio::test]
async fn rights_that_are_lost_meanwhile_are_lost() {
    let test = TestApp::new().await;
    let (ids, group, bob) = two(&test).await;
    let path = begun(&bob, "disconnect", &ids, &[]).await;
    let lost = async |conn: &mut store::Conn<'_>| -> Result<(), StoreError> {
        store::groups::take_out(conn, group, ids[1]).await.map(drop)
    };
    test.app.db.maintain(lost).await.unwrap();
    step(&test, &path).await;
    assert_eq!(wanted(&test).await, ["disconnected", "connected"]);
    let lines = lines_of(&bob, &path).await;
    assert_eq!((lines[0][1].as_str(), lines[1][1].as_str()), ("done", "failed"), "{lines:?}");
    assert!(lines[1][2].contains("can't see it"), "{lines:?}");
    let page = bob.get(&path).await;
    assert!(page.texts("#failed-lines")[0].contains("1 failed"), "{}", page.body);

    // It is retried when they have it again, and only that.
    let back = async |conn: &mut store::Conn<'_>| -> Result<(), StoreError> {
        store::groups::put_in(conn, group, ids[1]).await.map(drop)
    };
    test.app.db.maintain(back).await.unwrap();
    assert_eq!(bob.post(&format!("{path}/retry"), &[]).await.status, StatusCode::SEE_OTHER);
    step(&test, &path).await;
    assert_eq!(
        (wanted(&test).await, states(&bob, &path).await),
        (vec!["disconnected".into(); 2], vec!["done".into(); 2])
    );
    assert_eq!(bob.post(&format!("{path}/retry"), &[]).await.status, StatusCode::CONFLICT);
    let deed = format!("account.wanted done {BOB}");
    let entries = recorded(&test).await;
    assert_eq!(entries.iter().filter(|entry| **entry == deed).count(), 2, "{entries:?}");
    assert!(entries.contains(&format!("job.retried done {BOB}")));
}

#[tokio::test]
async fn nothing_is_done_for_a_person_who_is_blocked() {
    let test = TestApp::new().await;
    let (ids, _, bob) = two(&test).await;
    let path = begun(&bob, "disconnect", &ids, &[]).await;
    test.sql("update users set disabled = 1 where email = 'bob@example.org'").await;
    step(&test, &path).await;
    assert_eq!(wanted(&test).await, ["connected"; 2]);
    let root = test.signed_in(ADMIN).await;
    let lines = lines_of(&root, &path).await;
    assert!(lines.iter().all(|line| line[1] == "failed" && line[2].contains("is blocked")), "{lines:?}");
    assert_eq!(
        root.post(&format!("{path}/retry"), &[]).await.status,
        StatusCode::NOT_FOUND,
        "it isn't theirs"
    );
}

#[tokio::test]
async fn a_task_is_stopped_and_its_rest_is_retried() {
    let test = TestApp::new().await;
    let (ids, _, bob) = two(&test).await;
    let path = begun(&bob, "disconnect", &ids, &[]).await;
    let page = bob.get(&path).await;
    assert!(page.has("#stop") && !page.has("#retry"), "{}", page.body);
    assert_eq!(bob.post(&format!("{path}/stop"), &[]).await.status, StatusCode::SEE_OTHER);
    step(&test, &path).await;
    assert_eq!(states(&bob, &path).await, ["stopped"; 2]);
    assert_eq!(wanted(&test).await, ["connected"; 2]);
    let page = bob.get(&path).await;
    assert_eq!(page.texts("#job .job-head .badge"), ["Not all done"]);
    assert!(page.texts("#stopped-lines")[0].contains("2 not done") && page.has("#retry"), "{}", page.body);
    assert_eq!(bob.post(&format!("{path}/stop"), &[]).await.status, StatusCode::CONFLICT);
    assert_eq!(bob.post(&format!("{path}/retry"), &[]).await.status, StatusCode::SEE_OTHER);
    step(&test, &path).await;
    assert_eq!(wanted(&test).await, ["disconnected"; 2]);
    assert!(recorded(&test).await.contains(&format!("job.stopped done {BOB}")));
}

#[tokio::test]
async fn what_was_changed_in_the_database_is_no_deed() {
    let test = TestApp::new().await;
    let (ids, _, bob) = two(&test).await;
    let path = begun(&bob, "disconnect", &ids, &[]).await;
    let sealed = test.rows("select sealed from job_lines").await;
    assert!(sealed.iter().all(|sealed| !sealed.contains("disconnect")));
    // Lines in each other's place.
    test.sql("update job_lines set line = line + 100; update job_lines set line = 103 - line").await;
    step(&test, &path).await;
    assert_eq!(wanted(&test).await, ["connected"; 2]);
    let root = test.signed_in(ADMIN).await;
    let lines = lines_of(&root, &path).await;
    assert!(
        lines.iter().all(|line| line[0].is_empty() && line[2].contains("can't be decrypted")),
        "{lines:?}"
    );
    assert_eq!(bob.post(&format!("{path}/retry"), &[]).await.status, StatusCode::NOT_FOUND);
    // Lines of another task.
    let other = begun(&bob, "disconnect", &ids[..1], &[]).await;
    let (from, to) = (job_of(&other), job_of(&path));
    test.sql(&format!(
        "update job_lines set job_id = '{to}', line = 9, state = 'waiting' where job_id = '{from}'"
    ))
    .await;
    test.sql(&format!("update jobs set state = 'waiting', cursor = 'work' where id = '{to}'")).await;
    step(&test, &path).await;
    assert_eq!(wanted(&test).await, ["connected"; 2]);
}

#[tokio::test]
async fn what_was_started_long_ago_is_not_done_and_what_is_old_is_deleted() {
    // Sessions end by the system's time, so the clock ends there.
    let then = Clock::System.now().plus_seconds(-LINE_LIFETIME - 60);
    let test = TestApp::with_clock(&[], Clock::manual(then)).await;
    let (ids, _, bob) = two(&test).await;
    let path = begun(&bob, "disconnect", &ids, &[]).await;
    test.app.clock.advance(LINE_LIFETIME + 60);
    step(&test, &path).await;
    assert_eq!(wanted(&test).await, ["connected"; 2]);
    let bob = test.signed_in(BOB).await;
    let lines = lines_of(&bob, &path).await;
    assert!(lines.iter().all(|line| line[1] == "failed" && line[2].contains("within 7 days")), "{lines:?}");
    assert_eq!(bob.post(&format!("{path}/retry"), &[]).await.status, StatusCode::SEE_OTHER);
    step(&test, &path).await;
    assert_eq!(wanted(&test).await, ["disconnected"; 2], "a retry is a new order");
    assert!(row(&test, &path).await.cursor.is_none());
}

/// A password is changed only for an account that is logged in; one that is starting is waited for.
#[tokio::test]
async fn lines_wait_for_accounts_that_are_starting_and_fail_for_those_that_are_not_logged_in() {
    let test = TestApp::new().await;
    let (ids, _, bob) = two(&test).await;
    test.set_stage(ids[0], Stage::SignedOut);
    test.set_stage(ids[1], Stage::Starting);
    let path = begun(&bob, "new-two-step-password", &ids, &[]).await;
    step(&test, &path).await;
    let lines = lines_of(&bob, &path).await;
    assert_eq!((lines[0][1].as_str(), lines[1][1].as_str()), ("failed", "waiting"), "{lines:?}");
    assert!(lines.iter().all(|line| line[2].contains("isn't connected and logged in")), "{lines:?}");
    let page = bob.get(&path).await;
    assert_eq!(page.texts("#lines .badge"), ["Failed", "Retrying"]);
    assert!(page.texts("#lines").concat().contains("Next attempt at"), "{}", page.body);
    let later = row(&test, &path).await;
    assert!(later.not_before > test.app.clock.now(), "the task rests until then");
    assert!(recorded(&test).await.iter().all(|entry| !entry.starts_with("password.")), "nothing was tried");
}
