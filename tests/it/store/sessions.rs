//! Browsers stay signed in, for a while, and only with the id that the database does not have.

use std::sync::{Arc, LazyLock};

use telescope::clock::Clock;
use telescope::crypto::{Keys, MasterKey};
use telescope::domain::{Email, Millis};
use telescope::store::web_sessions::{USER_KEY, end_all_of};
use telescope::store::{Conn, WebSessions, users};
use time::OffsetDateTime;
use tower_sessions::SessionStore;
use tower_sessions::session::{Id, Record};

use crate::support::db::TestDb;

super::on_both!(
    a_session_is_kept_and_ends,
    an_id_that_is_taken_is_exchanged,
    an_expired_session_is_none,
    a_session_that_nobody_uses_ends,
    use_is_written_once_a_minute,
    watching_is_no_use,
    a_person_is_signed_out_everywhere,
    no_change_makes_a_session_live_longer_than_a_week,
);

const NOW: i64 = 1_700_000_000_000;

fn sessions(test: &TestDb) -> (WebSessions, Clock) {
    let clock = Clock::manual(Millis(NOW));
    test.db.use_keys(&keys());
    (WebSessions::new(test.db.clone(), clock.clone()), clock)
}

fn keys() -> Arc<Keys> {
    static KEYS: LazyLock<Arc<Keys>> =
        LazyLock::new(|| Arc::new(Keys::new(&MasterKey::generate().unwrap(), None)));
    Arc::clone(&KEYS)
}

fn record(minutes: i64) -> Record {
    Record {
        id: Id::default(),
        data: [("theme".to_owned(), serde_json::json!({"dark": true}))].into(),
        expiry_date: OffsetDateTime::from_unix_timestamp(NOW / 1000 + minutes * 60).unwrap(),
    }
}

async fn a_session_is_kept_and_ends(test: TestDb) {
    let (sessions, _) = sessions(&test);
    let mut record = record(10);
    sessions.create(&mut record).await.unwrap();
    assert_eq!(sessions.load(&record.id).await.unwrap(), Some(record.clone()));
    record.data.insert("more".into(), serde_json::json!("\u{0} and \u{1f600}"));
    record.expiry_date += time::Duration::minutes(5);
    sessions.save(&record).await.unwrap();
    assert_eq!(sessions.load(&record.id).await.unwrap(), Some(record.clone()));
    assert_eq!(sessions.load(&Id::default()).await.unwrap(), None);

    sessions.delete(&record.id).await.unwrap();
    assert_eq!(sessions.load(&record.id).await.unwrap(), None);
    sessions.save(&record).await.unwrap();
    assert_eq!(sessions.load(&record.id).await.unwrap(), None, "an ended session does not come back");
}

async fn an_id_that_is_taken_is_exchanged(test: TestDb) {
    let (sessions, _) = sessions(&test);
    let mut first = record(10);
    sessions.create(&mut first).await.unwrap();
    let mut second = Record { id: first.id, ..record(20) };
    sessions.create(&mut second).await.unwrap();
    assert_ne!(first.id, second.id);
    assert_eq!(sessions.load(&first.id).await.unwrap(), Some(first));
    assert_eq!(sessions.load(&second.id).await.unwrap(), Some(second));
}

async fn an_expired_session_is_none(test: TestDb) {
    let (sessions, clock) = sessions(&test);
    let (mut short, mut long) = (record(10), record(20));
    sessions.create(&mut short).await.unwrap();
    sessions.create(&mut long).await.unwrap();
    clock.advance(10 * 60 - 1);
    assert!(sessions.load(&short.id).await.unwrap().is_some());
    assert_eq!(sessions.delete_expired().await.unwrap(), 0);
    clock.advance(1);
    assert!(sessions.load(&short.id).await.unwrap().is_none());
    assert!(sessions.load(&long.id).await.unwrap().is_some());
    assert_eq!(sessions.delete_expired().await.unwrap(), 1);
}

const HOUR: i64 = 60 * 60;

async fn a_session_that_nobody_uses_ends(test: TestDb) {
    let (sessions, clock) = sessions(&test);
    let (mut used, mut left) = (record(7 * 24 * 60), record(7 * 24 * 60));
    sessions.create(&mut used).await.unwrap();
    sessions.create(&mut left).await.unwrap();
    clock.advance(12 * HOUR - 1);
    assert!(sessions.load(&used.id).await.unwrap().is_some());
    clock.advance(1);
    assert!(sessions.load(&left.id).await.unwrap().is_none(), "nobody used it for twelve hours");
    assert_eq!(sessions.delete_expired().await.unwrap(), 1);
    for _ in 0..13 {
        clock.advance(11 * HOUR);
        assert!(sessions.load(&used.id).await.unwrap().is_some());
    }
    for _ in 0..2 {
        clock.advance(11 * HOUR);
        let held = sessions.load(&used.id).await.unwrap().is_some();
        assert_eq!(held, clock.now().0 < NOW + 7 * 24 * HOUR * 1000, "seven days are the end in any case");
    }
}

async fn use_is_written_once_a_minute(test: TestDb) {
    let (sessions, clock) = sessions(&test);
    let (mut early, mut late) = (record(24 * 60), record(24 * 60));
    sessions.create(&mut early).await.unwrap();
    sessions.create(&mut late).await.unwrap();
    clock.advance(59);
    assert!(sessions.load(&early.id).await.unwrap().is_some());
    clock.advance(1);
    assert!(sessions.load(&late.id).await.unwrap().is_some());
    clock.advance(12 * HOUR - 60);
    assert!(sessions.load(&early.id).await.unwrap().is_none(), "a use within the minute was not written");
    assert!(sessions.load(&late.id).await.unwrap().is_some(), "one after a minute was");
}

async fn watching_is_no_use(test: TestDb) {
    let (sessions, clock) = sessions(&test);
    let watching = WebSessions::watching(test.db.clone(), clock.clone());
    let mut record = record(24 * 60);
    sessions.create(&mut record).await.unwrap();
    clock.advance(11 * HOUR);
    assert!(watching.load(&record.id).await.unwrap().is_some());
    clock.advance(HOUR);
    assert!(watching.load(&record.id).await.unwrap().is_none());
    assert!(sessions.load(&record.id).await.unwrap().is_none());
}

async fn a_person_is_signed_out_everywhere(test: TestDb) {
    let (sessions, _) = sessions(&test);
    let email = Email::parse("ada@example.org").unwrap();
    let ada = test
        .db
        .maintain(async |conn: &mut Conn<'_>| users::upsert_seen(conn, &email, Millis(1)).await)
        .await
        .unwrap();
    let (mut hers, mut also_hers, mut other) = (record(10), record(10), record(10));
    hers.data.insert(USER_KEY.into(), serde_json::json!(ada.id));
    sessions.create(&mut hers).await.unwrap();
    sessions.create(&mut also_hers).await.unwrap();
    also_hers.data.insert(USER_KEY.into(), serde_json::json!(ada.id));
    sessions.save(&also_hers).await.unwrap();
    sessions.create(&mut other).await.unwrap();
    let ended = test.db.maintain(async |conn: &mut Conn<'_>| end_all_of(conn, ada.id).await).await.unwrap();
    assert_eq!(ended, 2);
    assert!(sessions.load(&hers.id).await.unwrap().is_none());
    assert!(sessions.load(&also_hers.id).await.unwrap().is_none());
    assert!(sessions.load(&other.id).await.unwrap().is_some());
}

/// What a session holds may change while it lives, for instance when its person begins to sign in once more.
async fn no_change_makes_a_session_live_longer_than_a_week(test: TestDb) {
    const DAY: i64 = 24 * 60;
    let (sessions, clock) = sessions(&test);
    let mut kept = record(7 * DAY);
    sessions.create(&mut kept).await.unwrap();
    for _ in 0..20 {
        clock.advance(8 * 60 * 60);
        let mut used = sessions.load(&kept.id).await.unwrap().expect("it is used");
        used.expiry_date += time::Duration::days(7);
        sessions.save(&used).await.unwrap();
    }
    clock.advance(8 * 60 * 60 - 1);
    assert!(sessions.load(&kept.id).await.unwrap().is_some());
    clock.advance(1);
    assert!(sessions.load(&kept.id).await.unwrap().is_none(), "seven days after it began");
}
