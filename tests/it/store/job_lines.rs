//! Lines of jobs upon many accounts: begun, postponed, ended, stopped and retried, counted, and deleted.

use telescope::crypto::{Keys, MasterKey};
use telescope::domain::job::{JobKind, JobRecord, JobState, Progress};
use telescope::domain::job_line::{Action, LineState, LineSubject, PlannedLine};
use telescope::domain::{AccountId, JobId, Millis, UserId};
use telescope::store::job_lines::{self, Line, Postponed};
use telescope::store::{Conn, StoreError, jobs};

use crate::support::db::TestDb;

super::on_both!(
    lines_are_begun_postponed_and_ended,
    what_is_unknown_keeps_its_mark_until_it_is_found_out,
    lines_are_stopped_retried_and_deleted,
    a_line_in_another_place_is_unreadable
);

const NOW: Millis = Millis(1_700_000_000_000);

async fn change<T>(test: &TestDb, work: impl AsyncFnOnce(&mut Conn<'_>) -> Result<T, StoreError>) -> T {
    test.db.maintain(work).await.unwrap()
}

fn planned() -> PlannedLine {
    PlannedLine {
        initiator: UserId::generate(),
        is_verified: true,
        started: NOW,
        subject: LineSubject::Account(AccountId::generate()),
        about: None,
        name: "+9996620007".into(),
        action: Action::NewTwoStepPassword,
    }
}

fn keys() -> Keys {
    Keys::new(&MasterKey::generate().unwrap(), None)
}

/// A job with so many lines, from 1.
async fn job(test: &TestDb, keys: &Keys, lines: i64) -> JobId {
    let job = JobRecord {
        id: JobId::generate(),
        kind: JobKind::ChangeAccounts,
        args: UserId::generate().to_string(),
        cursor: Some("work".into()),
        state: JobState::Waiting,
        attempts: 0,
        not_before: NOW,
        error: None,
        actor: "bob@example.org".into(),
        created: NOW,
    };
    change(test, async |conn| {
        jobs::insert(conn, &job).await?;
        for number in 1..=lines {
            job_lines::insert(conn, keys, (job.id, number), &planned()).await?;
        }
        Ok(())
    })
    .await;
    job.id
}

async fn line(test: &TestDb, keys: &Keys, job: JobId, number: i64) -> Line {
    let conn = &mut test.db.read().await.unwrap();
    job_lines::get(conn, keys, (job, number)).await.unwrap().expect("the line is there")
}

async fn due(test: &TestDb, job: JobId, now: Millis) -> Vec<i64> {
    job_lines::due(&mut test.db.read().await.unwrap(), job, now).await.unwrap()
}

async fn finish(test: &TestDb, job: JobId, number: i64, state: LineState) {
    change(test, async |conn| job_lines::finish(conn, (job, number), (state, Some("Why")), NOW).await).await;
}

async fn lines_are_begun_postponed_and_ended(test: TestDb) {
    let (keys, later) = (keys(), NOW.plus_seconds(60));
    let (job, other) = (job(&test, &keys, 3).await, job(&test, &keys, 1).await);
    assert_eq!(due(&test, job, NOW.plus_seconds(-1)).await, [0; 0]);
    assert_eq!(due(&test, job, NOW).await, [1, 2, 3]);
    change(&test, async |conn| job_lines::begin(conn, (job, 1), Some("mark"), later).await).await;
    let begun = line(&test, &keys, job, 1).await;
    assert_eq!((begun.state, begun.mark.as_deref(), begun.changed), (LineState::Begun, Some("mark"), later));
    assert_eq!(due(&test, job, NOW).await, [1, 2, 3], "what a crash has interrupted is begun again");
    finish(&test, job, 1, LineState::Done).await;
    let postponed = Postponed { not_before: later, why: "Wait.".into(), counts: true, is_begun: false };
    change(&test, async |conn| job_lines::postpone(conn, (job, 2), &postponed, NOW).await).await;
    let waits = line(&test, &keys, job, 2).await;
    assert_eq!(
        (waits.state, waits.attempts, waits.outcome.as_deref()),
        (LineState::Waiting, 1, Some("Wait."))
    );
    assert_eq!((due(&test, job, NOW).await, due(&test, job, later).await), (vec![3], vec![3, 2]));
    finish(&test, job, 3, LineState::Failed).await;
    let next = job_lines::next_due(&mut test.db.read().await.unwrap(), job).await.unwrap();
    assert_eq!(next, Some(later));
    finish(&test, job, 2, LineState::Done).await;
    finish(&test, job, 3, LineState::Done).await;
    assert_eq!(line(&test, &keys, job, 3).await.state, LineState::Failed, "what is over stays so");
    let conn = &mut test.db.read().await.unwrap();
    assert_eq!(job_lines::next_due(conn, job).await.unwrap(), None);
    let mut found = job_lines::progress(conn).await.unwrap();
    found.sort_unstable_by_key(|(id, _)| *id);
    let progress = Progress { lines: 3, done: 3, failed: 1, ..Progress::default() };
    assert_eq!(found, [(job, progress), (other, Progress { lines: 1, ..Progress::default() })]);
}

async fn what_is_unknown_keeps_its_mark_until_it_is_found_out(test: TestDb) {
    let keys = keys();
    let job = job(&test, &keys, 2).await;
    for (number, state) in [(1, LineState::Unknown), (2, LineState::Failed)] {
        change(&test, async |conn| job_lines::begin(conn, (job, number), Some("mark"), NOW).await).await;
        finish(&test, job, number, state).await;
    }
    for (number, state, mark) in [(1, LineState::Begun, Some("mark")), (2, LineState::Waiting, None)] {
        let again = PlannedLine { started: NOW.plus_seconds(5), ..planned() };
        change(&test, async |conn| job_lines::retry(conn, &keys, (job, number), &again).await).await;
        let retried = line(&test, &keys, job, number).await;
        assert_eq!((retried.state, retried.mark.as_deref(), retried.attempts), (state, mark, 0));
        assert_eq!((retried.planned, retried.not_before), (Some(again), NOW.plus_seconds(5)));
    }
}

async fn lines_are_stopped_retried_and_deleted(test: TestDb) {
    let keys = keys();
    let job = job(&test, &keys, 3).await;
    change(&test, async |conn| job_lines::begin(conn, (job, 1), None, NOW).await).await;
    assert_eq!(change(&test, async |conn| job_lines::stop(conn, job, NOW).await).await, 2);
    assert_eq!(due(&test, job, NOW).await, [1], "what has begun ends");
    finish(&test, job, 1, LineState::Done).await;
    let states: Vec<LineState> = {
        let conn = &mut test.db.read().await.unwrap();
        job_lines::all(conn, &keys, job).await.unwrap().into_iter().map(|line| line.state).collect()
    };
    assert_eq!(states, [LineState::Done, LineState::Stopped, LineState::Stopped]);
    change(&test, async |conn| jobs::wait_until(conn, job, NOW.plus_seconds(9)).await).await;
    change(&test, async |conn| jobs::advance(conn, job, None).await).await;
    change(&test, async |conn| jobs::reopen(conn, job, "work", NOW).await).await;
    let row = jobs::get(&mut test.db.read().await.unwrap(), job).await.unwrap().unwrap();
    assert_eq!((row.state, row.not_before, row.cursor.as_deref()), (JobState::Waiting, NOW, Some("work")));
    let later = NOW.plus_seconds(1);
    assert!(
        !job_lines::any_before(&mut test.db.read().await.unwrap(), later).await.unwrap(),
        "it is worked on"
    );
    change(&test, async |conn| jobs::advance(conn, job, None).await).await;
    assert!(!job_lines::any_before(&mut test.db.read().await.unwrap(), NOW).await.unwrap());
    assert!(job_lines::any_before(&mut test.db.read().await.unwrap(), later).await.unwrap());
    assert_eq!(change(&test, async |conn| job_lines::forget_before(conn, later).await).await, 3);
}

async fn a_line_in_another_place_is_unreadable(test: TestDb) {
    let (first, second) = (keys(), keys());
    let job = job(&test, &first, 1).await;
    assert!(line(&test, &first, job, 1).await.planned.is_some());
    assert_eq!(line(&test, &second, job, 1).await.planned, None, "with another key");
}
