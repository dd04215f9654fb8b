//! Jobs are stored with their progress; an account's last known state is stored, and deleted with the account.

use telescope::domain::account::{Known, Profile};
use telescope::domain::job::{JobKind, JobRecord, JobState};
use telescope::domain::{Account, AccountId, DesiredState, JobId, Millis, Phone, SessionEndReason};
use telescope::store::{Conn, StoreError, account_states, accounts, jobs};

use crate::support::db::TestDb;

super::on_both!(
    a_job_advances_step_by_step,
    a_stuck_job_waits_for_a_retry,
    only_the_newest_state_of_an_account_is_stored,
);

const NOW: Millis = Millis(1_700_000_000_000);

fn job(args: &str) -> JobRecord {
    JobRecord {
        id: JobId::generate(),
        kind: JobKind::RemoveAccount,
        args: args.into(),
        cursor: Some("log-out".into()),
        state: JobState::Waiting,
        attempts: 0,
        not_before: NOW,
        error: None,
        actor: "root@example.org".into(),
        created: NOW,
    }
}

async fn change<T>(test: &TestDb, work: impl AsyncFnOnce(&mut Conn<'_>) -> Result<T, StoreError>) -> T {
    test.db.maintain(work).await.unwrap()
}

async fn read(test: &TestDb, id: JobId) -> JobRecord {
    jobs::get(&mut test.db.read().await.unwrap(), id).await.unwrap().expect("the job is there")
}

async fn a_job_advances_step_by_step(test: TestDb) {
    let (first, second) = (job("a"), job("b"));
    for job in [&first, &second] {
        change(&test, async |conn| jobs::insert(conn, job).await).await;
    }
    assert_eq!(read(&test, first.id).await, first);
    let conn = &mut test.db.read().await.unwrap();
    assert_eq!(jobs::waiting(conn).await.unwrap().jobs, [first.clone(), second.clone()]);
    assert_eq!(jobs::newest(conn, 1).await.unwrap().jobs.first(), Some(&second));
    assert_eq!(jobs::about(conn, JobKind::RemoveAccount, "a").await.unwrap(), Some(first.clone()));
    assert_eq!(jobs::about(conn, JobKind::RemoveAccount, "c").await.unwrap(), None);

    let later = NOW.plus_seconds(60);
    change(&test, async |conn| jobs::postpone(conn, first.id, later, "not yet").await).await;
    let postponed = read(&test, first.id).await;
    assert_eq!((postponed.attempts, postponed.not_before), (1, later));
    assert_eq!(postponed.error.as_deref(), Some("not yet"));

    change(&test, async |conn| jobs::advance(conn, first.id, Some("destroy")).await).await;
    let advanced = read(&test, first.id).await;
    assert_eq!((advanced.attempts, advanced.error), (0, None), "a new step has no failed attempts");
    assert_eq!(advanced.cursor.as_deref(), Some("destroy"));

    change(&test, async |conn| jobs::advance(conn, first.id, None).await).await;
    assert_eq!(read(&test, first.id).await.state, JobState::Done);
    assert_eq!(jobs::waiting(&mut test.db.read().await.unwrap()).await.unwrap().jobs, [second]);
    for again in [
        test.db.maintain(async |conn| jobs::advance(conn, first.id, Some("log-out")).await).await,
        test.db.maintain(async |conn| jobs::postpone(conn, first.id, later, "late").await).await,
        test.db.maintain(async |conn| jobs::fail(conn, first.id, "late").await).await,
        test.db.maintain(async |conn| jobs::retry(conn, first.id, later).await).await,
    ] {
        assert!(matches!(again, Err(StoreError::Missing)), "a finished job can't be retried: {again:?}");
    }
}

async fn a_stuck_job_waits_for_a_retry(test: TestDb) {
    let job = job("a");
    change(&test, async |conn| jobs::insert(conn, &job).await).await;
    change(&test, async |conn| jobs::fail(conn, job.id, "stuck").await).await;
    let failed = read(&test, job.id).await;
    assert_eq!((failed.state, failed.error.as_deref()), (JobState::Failed, Some("stuck")));
    assert!(jobs::waiting(&mut test.db.read().await.unwrap()).await.unwrap().jobs.is_empty());

    let later = NOW.plus_seconds(5);
    change(&test, async |conn| jobs::retry(conn, job.id, later).await).await;
    let retried = read(&test, job.id).await;
    assert_eq!((retried.state, retried.not_before, retried.cursor), (JobState::Waiting, later, job.cursor));
}

async fn only_the_newest_state_of_an_account_is_stored(test: TestDb) {
    let account = Account {
        id: AccountId::generate(),
        identifier: Phone::test(2, 1).into(),
        owner: None,
        comment: String::new(),
        groups: vec![],
        wanted: DesiredState::Connected,
        folder: "f".into(),
        created: NOW,
    };
    let id = account.id;
    let profile = Profile { telegram_id: 7, name: "Ada \u{1f600}".into(), username: Some("ada".into()) };
    let ready = Known { stage: "ready".into(), ending: None, profile: Some(profile) };
    let ended = Known { stage: "ended".into(), ending: Some(SessionEndReason::Banned), profile: None };
    change(&test, async |conn| account_states::put(conn, id, &ready, NOW).await).await;
    let known = async || account_states::all(&mut test.db.read().await.unwrap()).await.unwrap();
    assert_eq!(known().await, [], "an unknown account is ignored");

    change(&test, async |conn| accounts::insert(conn, &account).await).await;
    change(&test, async |conn| jobs::insert(conn, &job(&id.to_string())).await).await;
    let phones =
        async || jobs::identifiers(&mut test.db.read().await.unwrap(), JobKind::RemoveAccount).await.unwrap();
    assert_eq!(phones().await, [(id, account.identifier.clone())]);
    for state in [&ready, &ended, &ready] {
        change(&test, async |conn| account_states::put(conn, id, state, NOW).await).await;
        assert_eq!(known().await, [(id, state.clone())]);
    }
    change(&test, async |conn| {
        account_states::remove(conn, id).await?;
        accounts::tombstone(conn, id, NOW).await
    })
    .await;
    assert_eq!(known().await, []);
    assert_eq!(phones().await.len(), 1, "the number of a removed account is still known");
}
