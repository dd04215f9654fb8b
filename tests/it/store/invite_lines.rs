//! Lines of lists of people to invite: done in order and once, counted, and deleted.

use telescope::crypto::{Keys, MasterKey};
use telescope::domain::invite_list::PlannedInvite;
use telescope::domain::job::{JobKind, JobRecord, JobState, Progress};
use telescope::domain::{Email, GroupId, InviteId, JobId, Millis, Phone, UserId};
use telescope::store::{Conn, StoreError, invite_lines, jobs, users};

use crate::support::db::TestDb;

super::on_both!(
    lines_are_done_in_order_and_once,
    lines_outlive_a_change_of_the_master_key,
    old_lines_are_deleted
);

const NOW: Millis = Millis(1_700_000_000_000);

async fn change<T>(test: &TestDb, work: impl AsyncFnOnce(&mut Conn<'_>) -> Result<T, StoreError>) -> T {
    test.db.maintain(work).await.unwrap()
}

async fn person(test: &TestDb, email: &str) -> UserId {
    let email = Email::parse(email).unwrap();
    change(test, async |conn| users::upsert_seen(conn, &email, NOW).await).await.id
}

fn planned(creator: UserId) -> PlannedInvite {
    PlannedInvite {
        id: InviteId::generate(),
        creator,
        person: Email::parse("ada@example.org").unwrap(),
        phone: Some(Phone::test(2, 1)),
        comment: "Desk 7, ½".into(),
        groups: vec![GroupId::generate(), GroupId::generate()],
        hours: 24,
    }
}

/// A job with so many lines, which begin with the number 2.
async fn list(test: &TestDb, keys: &Keys, creator: UserId, lines: i64) -> (JobId, Vec<PlannedInvite>) {
    let job = JobRecord {
        id: JobId::generate(),
        kind: JobKind::CreateInvites,
        args: creator.to_string(),
        cursor: Some("create".into()),
        state: JobState::Waiting,
        attempts: 0,
        not_before: NOW,
        error: None,
        actor: "bob@example.org".into(),
        created: NOW,
    };
    let all: Vec<PlannedInvite> = (0..lines).map(|_| planned(creator)).collect();
    change(test, async |conn| {
        jobs::insert(conn, &job).await?;
        for (number, planned) in (2..).zip(&all) {
            invite_lines::insert(conn, keys, job.id, (number, planned, false), NOW).await?;
        }
        Ok(())
    })
    .await;
    (job.id, all)
}

fn keys() -> Keys {
    Keys::new(&MasterKey::generate().unwrap(), None)
}

async fn lines_are_done_in_order_and_once(test: TestDb) {
    let keys = keys();
    let (bob, eve) = (person(&test, "bob@example.org").await, person(&test, "eve@example.org").await);
    let (job, all) = list(&test, &keys, bob, 3).await;
    let (other, _) = list(&test, &keys, eve, 1).await;
    for (number, outcome) in [(2, ""), (3, "It failed."), (4, "")] {
        let next = change(&test, async |conn| invite_lines::next(conn, &keys, job).await).await.unwrap();
        assert_eq!((next.number, &next.planned), (number, &all[usize::try_from(number).unwrap() - 2]));
        assert_eq!(next.outcome, None);
        change(&test, async |conn| invite_lines::finish(conn, job, number, outcome).await).await;
        let again = test.db.maintain(async |conn| invite_lines::finish(conn, job, number, "").await).await;
        assert!(matches!(again, Err(StoreError::Missing)), "a line is done once");
    }
    let conn = &mut test.db.read().await.unwrap();
    assert_eq!(invite_lines::next(conn, &keys, job).await.unwrap(), None);
    let outcomes: Vec<_> = invite_lines::all(conn, &keys, job).await.unwrap();
    let outcomes: Vec<_> = outcomes.into_iter().map(|line| line.outcome.unwrap()).collect();
    assert_eq!(outcomes, ["", "It failed.", ""]);
    let progress = Progress { lines: 3, done: 3, failed: 1, ..Progress::default() };
    let mut found = invite_lines::progress(conn).await.unwrap();
    found.sort_by_key(|(id, _)| *id);
    assert_eq!(found, [(job, progress), (other, Progress { lines: 1, ..Progress::default() })]);
    assert_eq!(invite_lines::progress_of(conn, job).await.unwrap(), progress);
    assert_eq!(invite_lines::progress_of(conn, JobId::generate()).await.unwrap(), Progress::default());
    assert_eq!(invite_lines::waiting(conn, bob).await.unwrap(), 0);
    assert_eq!(invite_lines::waiting(conn, eve).await.unwrap(), 1);
}

async fn lines_outlive_a_change_of_the_master_key(test: TestDb) {
    let (first, second) = (MasterKey::generate().unwrap(), MasterKey::generate().unwrap());
    let bob = person(&test, "bob@example.org").await;
    let (job, all) = list(&test, &Keys::new(&first, None), bob, 1).await;
    let conn = &mut test.db.read().await.unwrap();
    let during = Keys::new(&second, Some(&first));
    assert_eq!(invite_lines::next(conn, &during, job).await.unwrap().unwrap().planned, all[0]);
    let without = invite_lines::next(conn, &Keys::new(&second, None), job).await;
    assert!(matches!(without, Err(StoreError::Corrupt(_))), "{without:?}");
}

async fn old_lines_are_deleted(test: TestDb) {
    let keys = keys();
    let bob = person(&test, "bob@example.org").await;
    let (waiting, _) = list(&test, &keys, bob, 1).await;
    let (failed, _) = list(&test, &keys, bob, 1).await;
    let (done, _) = list(&test, &keys, bob, 1).await;
    change(&test, async |conn| jobs::fail(conn, failed, "why").await).await;
    change(&test, async |conn| jobs::advance(conn, done, None).await).await;
    let later = NOW.plus_seconds(1);
    assert!(!invite_lines::any_before(&mut test.db.read().await.unwrap(), NOW).await.unwrap());
    assert!(invite_lines::any_before(&mut test.db.read().await.unwrap(), later).await.unwrap());
    assert_eq!(change(&test, async |conn| invite_lines::forget_before(conn, NOW).await).await, 0);
    assert_eq!(change(&test, async |conn| invite_lines::forget_before(conn, later).await).await, 2);
    let conn = &mut test.db.read().await.unwrap();
    let left: Vec<_> = invite_lines::progress(conn).await.unwrap().into_iter().map(|(id, _)| id).collect();
    assert_eq!(left, [waiting]);
    assert_eq!(jobs::get(conn, failed).await.unwrap().unwrap().state, JobState::Done, "it was given up");
    assert_eq!(jobs::get(conn, waiting).await.unwrap().unwrap().state, JobState::Waiting);
}
