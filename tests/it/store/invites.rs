//! Invites are stored with their groups, counted and deleted; an open one counts only with its proof.

use std::sync::Arc;

use telescope::crypto::{Keys, MasterKey};
use telescope::domain::audit::ForeignRow;
use telescope::domain::invite::{Invite, InviteKind, InviteState};
use telescope::domain::{Account, AccountId, DesiredState, Email, GroupId, InviteId, Millis, Phone, UserId};
use telescope::store::{Conn, Db, StoreError, access_seals, accounts, invites, users};

use crate::support::db::TestDb;

super::on_both!(
    an_invite_is_stored_changed_and_found,
    invites_are_counted_and_forgotten,
    an_invite_that_telescope_did_not_write_is_none,
    invites_outlive_a_change_of_the_master_key,
);

const NOW: Millis = Millis(1_700_000_000_000);

async fn change<T>(db: &Db, work: impl AsyncFnOnce(&mut Conn<'_>) -> Result<T, StoreError>) -> T {
    db.maintain(work).await.unwrap()
}

async fn creator(db: &Db, email: &str) -> (UserId, Email) {
    let email = Email::parse(email).unwrap();
    let user = change(db, async |conn| users::upsert_seen(conn, &email, NOW).await).await;
    (user.id, email)
}

fn invite((creator, created_by): &(UserId, Email), number: u8) -> Invite {
    Invite {
        id: InviteId::generate(),
        kind: InviteKind::Link,
        creator: *creator,
        created_by: created_by.clone(),
        person: Email::parse("ada@example.org").unwrap(),
        phone: Some(Phone::test(2, 1)),
        comment: "Sales, ½".into(),
        groups: vec![GroupId::generate(), GroupId::generate()],
        created: NOW,
        hours: 2,
        expires: NOW.plus_seconds(60),
        turn: 1,
        token_hash: format!("hash {number}"),
        state: InviteState::Created,
        browser: None,
        account: None,
        emailed: None,
    }
}

async fn read(db: &Db, id: InviteId) -> Option<Invite> {
    invites::get(&mut db.read().await.unwrap(), id).await.unwrap()
}

async fn an_invite_is_stored_changed_and_found(test: TestDb) {
    let db = &test.db;
    let bob = creator(db, "bob@example.org").await;
    let first = invite(&bob, 1);
    change(db, async |conn| invites::insert(conn, &first).await).await;
    assert_eq!(read(db, first.id).await, Some(first.clone()));
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
    change(db, async |conn| accounts::insert(conn, &account).await).await;
    let later = Invite {
        state: InviteState::LoggingIn,
        browser: Some("b".into()),
        account: Some(account.id),
        turn: 2,
        token_hash: "other".into(),
        expires: NOW.plus_seconds(90),
        ..first.clone()
    };
    change(db, async |conn| invites::save(conn, &later).await).await;
    let conn = &mut db.read().await.unwrap();
    assert_eq!(invites::by_token_hash(conn, "other").await.unwrap(), Some(later.clone()));
    assert_eq!(invites::by_token_hash(conn, "hash 1").await.unwrap(), None, "the former link is gone");
    assert_eq!(invites::with_account(conn).await.unwrap(), std::slice::from_ref(&later));
    let unknown = Invite { id: InviteId::generate(), ..later };
    let saved = db.maintain(async |conn: &mut Conn<'_>| invites::save(conn, &unknown).await).await;
    assert!(matches!(saved, Err(StoreError::Missing)));
}

async fn invites_are_counted_and_forgotten(test: TestDb) {
    let db = &test.db;
    let (bob, eve) = (creator(db, "bob@example.org").await, creator(db, "eve@example.org").await);
    let old = Invite { created: Millis(5), expires: Millis(10), ..invite(&bob, 1) };
    let new = invite(&bob, 2);
    let other = invite(&eve, 3);
    for one in [&old, &new, &other] {
        change(db, async |conn| invites::insert(conn, one).await).await;
    }
    {
        let conn = &mut db.read().await.unwrap();
        for (kind, since, count) in
            [(InviteKind::Link, 5, 2), (InviteKind::Link, 6, 1), (InviteKind::Own, 5, 0)]
        {
            let counted = invites::count_since(conn, bob.0, kind, Millis(since)).await.unwrap();
            assert_eq!(counted, count, "{kind} since {since}");
        }
        assert_eq!(invites::newest(conn, Some(bob.0), 9).await.unwrap(), [new.clone(), old.clone()]);
        assert_eq!(invites::newest(conn, None, 9).await.unwrap().len(), 3);
        assert_eq!(invites::newest(conn, None, 1).await.unwrap().len(), 1);
    }
    assert_eq!(change(db, async |conn| invites::forget_before(conn, Millis(11)).await).await, 1);
    assert_eq!((read(db, old.id).await, read(db, new.id).await), (None, Some(new)));
}

async fn an_invite_that_telescope_did_not_write_is_none(test: TestDb) {
    let keys = Arc::new(Keys::new(&MasterKey::generate().unwrap(), None));
    access_seals::prepare(&test.db, &keys, NOW).await.unwrap();
    let db = &test.db;
    let (bob, eve) = (creator(db, "bob@example.org").await, creator(db, "eve@example.org").await);
    for (number, change_sql) in [
        "person = 'eve@example.org'".to_owned(),
        "expires = expires + 1".into(),
        "browser = 'mine', state = 'opened'".into(),
        "token_hash = 'mine'".into(),
        "group_ids = ''".into(),
        "phone = null".into(),
        "hours = 99".into(),
        "kind = 'own'".into(),
        format!("creator = '{}'", eve.0),
        "proof = null".into(),
        "id = '0190aaaa-0000-7000-8000-000000000000'".into(),
    ]
    .into_iter()
    .enumerate()
    {
        let one = invite(&bob, u8::try_from(number).unwrap());
        change(db, async |conn| invites::insert(conn, &one).await).await;
        test.tamper(&format!("update invites set {change_sql}")).await;
        let found = invites::newest(&mut db.read().await.unwrap(), None, 9).await.unwrap();
        assert_eq!(found[0].state, InviteState::Revoked, "{change_sql}");
        assert!(access_seals::any_foreign(&mut db.read().await.unwrap()).await.unwrap(), "{change_sql}");
        let removed = change(db, async |conn| access_seals::remove_foreign(conn).await).await;
        assert!(matches!(removed[0].row, ForeignRow::Invite), "{change_sql}: {removed:?}");
        assert!(!access_seals::any_foreign(&mut db.read().await.unwrap()).await.unwrap(), "{change_sql}");
        test.tamper("delete from invites").await;
    }
    // A state that is over gives nothing, so it needs no proof.
    let one = invite(&bob, 99);
    change(db, async |conn| invites::insert(conn, &one).await).await;
    test.tamper("update invites set state = 'done'").await;
    assert_eq!(read(db, one.id).await.unwrap().state, InviteState::Done);
}

async fn invites_outlive_a_change_of_the_master_key(test: TestDb) {
    let (first, second) = (MasterKey::generate().unwrap(), MasterKey::generate().unwrap());
    let former = Arc::new(Keys::new(&first, None));
    access_seals::prepare(&test.db, &former, NOW).await.unwrap();
    let bob = creator(&test.db, "bob@example.org").await;
    let (kept, forged) = (invite(&bob, 1), invite(&bob, 2));
    for one in [&kept, &forged] {
        change(&test.db, async |conn| invites::insert(conn, one).await).await;
    }
    test.tamper(&format!("update invites set person = 'eve@example.org' where id = '{}'", forged.id)).await;
    for keys in [Keys::new(&second, Some(&first)), Keys::new(&second, None)] {
        let db = Db::open(&test.dsn).await.unwrap();
        access_seals::prepare(&db, &Arc::new(keys), NOW).await.unwrap();
        assert_eq!(read(&db, kept.id).await, Some(kept.clone()));
        assert_eq!(read(&db, forged.id).await.unwrap().state, InviteState::Revoked);
        db.close().await;
    }
}
