//! Databases from before rows carried proofs, and those whose master key changes.

use std::sync::Arc;

use telescope::crypto::{Keys, MasterKey, Purpose, SealContext};
use telescope::domain::privilege::{AccountPrivilege, AccountPrivileges, SystemPrivilege, SystemPrivileges};
use telescope::domain::{Email, GroupId, Millis, RoleId, Secret, UserId};
use telescope::store::audit::{self, Filter};
use telescope::store::{Conn, Db, StoreError, access_seals, groups, identities, roles, rules, users};

use crate::support::db::TestDb;

super::on_both!(
    a_database_from_before_is_proven_once,
    what_was_put_in_before_the_upgrade_is_named,
    a_changed_key_proves_the_same,
);

const NOW: Millis = Millis(1_700_000_000_000);

fn master() -> MasterKey {
    MasterKey::generate().unwrap()
}

async fn prepare(test: &TestDb, keys: &Arc<Keys>) -> Db {
    let db = Db::open(&test.dsn).await.unwrap();
    access_seals::prepare(&db, keys, NOW).await.unwrap();
    db
}

/// An administrator, a role with privileges and a person in it.
async fn fill(db: &Db) -> UserId {
    let filled = async |conn: &mut Conn<'_>| -> Result<UserId, StoreError> {
        let (role, group) = (RoleId::generate(), GroupId::generate());
        let ada = users::upsert_seen(conn, &Email::parse("ada@example.org").unwrap(), NOW).await?;
        let bob = users::upsert_seen(conn, &Email::parse("bob@example.org").unwrap(), NOW).await?;
        users::set_admin(conn, ada.id, true).await?;
        identities::bind(conn, "i", "ada", ada.id, NOW).await?;
        roles::insert(conn, role, "Desk").await?;
        groups::insert(conn, group, "Sales").await?;
        roles::set_cell(conn, group, role, AccountPrivileges::of(&[AccountPrivilege::View])).await?;
        roles::set_system(conn, role, SystemPrivileges::of(&[SystemPrivilege::ReadAudit])).await?;
        roles::give(conn, role, bob.id).await?;
        Ok(ada.id)
    };
    db.maintain(filled).await.unwrap()
}

/// Whether all of that counts.
async fn counts(db: &Db, ada: UserId) -> bool {
    let conn = &mut db.read().await.unwrap();
    let rows = rules::load(conn).await.unwrap();
    let found = [
        users::by_id(conn, ada).await.unwrap().unwrap().admin,
        identities::find(conn, "i", "ada").await.unwrap() == Some(ada),
        rows.members.len() == 1,
        rows.cells.len() == 1,
        rows.system.len() == 1,
    ];
    assert!(found.iter().all(|it| *it == found[0]), "{found:?}");
    found[0] && !access_seals::any_foreign(conn).await.unwrap()
}

/// As it was before there were proofs: the nothing that the key sealed is of the first version.
async fn as_before(test: &TestDb, keys: &Keys) {
    let place = SealContext { purpose: Purpose::KeyCheck, row: keys.id(), version: 1 };
    let sealed = keys.seal(&place, &Secret::default()).unwrap();
    test.tamper(&format!(
        "update meta set value = '{sealed}' where key = 'key_check.{}';
         update users set admin_proof = null; update identities set proof = null;
         update role_members set proof = null; update group_role_privileges set proof = null;
         update role_system_privileges set proof = null; update access_version set sealed = null, proof = null",
        keys.id()
    ))
    .await;
}

async fn seals(db: &Db) -> usize {
    let filter = Filter { code: Some("access.sealed".into()), ..Filter::default() };
    audit::page(&mut db.read().await.unwrap(), &filter, 10).await.unwrap().len()
}

async fn a_database_from_before_is_proven_once(test: TestDb) {
    let keys = Arc::new(Keys::new(&master(), None));
    let db = prepare(&test, &keys).await;
    let ada = fill(&db).await;
    assert!(counts(&db, ada).await);
    assert_eq!(seals(&db).await, 0, "a new one has nothing to prove");

    as_before(&test, &keys).await;
    assert!(!counts(&db, ada).await);
    let db = prepare(&test, &keys).await;
    assert!(counts(&db, ada).await);
    assert_eq!(seals(&db).await, 1);

    // Somebody puts the old version back, to have their own rows proven.
    as_before(&test, &keys).await;
    let db = prepare(&test, &keys).await;
    assert!(!counts(&db, ada).await);
    assert_eq!(seals(&db).await, 1);
}

async fn what_was_put_in_before_the_upgrade_is_named(test: TestDb) {
    let keys = Arc::new(Keys::new(&master(), None));
    let db = prepare(&test, &keys).await;
    fill(&db).await;
    as_before(&test, &keys).await;
    let db = prepare(&test, &keys).await;
    let filter = Filter { code: Some("access.sealed".into()), ..Filter::default() };
    let entry = audit::page(&mut db.read().await.unwrap(), &filter, 1).await.unwrap().remove(0);
    assert!(entry.details.unwrap().contains('5'), "how many rows there were");
    let verified = audit::verify(&mut db.read().await.unwrap(), &keys, None).await.unwrap();
    assert_eq!(verified.faults, []);
}

async fn a_changed_key_proves_the_same(test: TestDb) {
    let (old, new) = (master(), master());
    let db = prepare(&test, &Arc::new(Keys::new(&old, None))).await;
    let ada = fill(&db).await;
    test.tamper("insert into role_system_privileges select role_id, 'manage_access', proof from role_system_privileges")
        .await;
    let both = prepare(&test, &Arc::new(Keys::new(&new, Some(&old)))).await;
    let foreign = async |db: &Db| {
        let removed = async |conn: &mut Conn<'_>| -> Result<usize, StoreError> {
            let removed = access_seals::remove_foreign(conn).await?.len();
            access_seals::accept_version(conn).await?;
            Ok(removed)
        };
        db.maintain(removed).await.unwrap()
    };
    assert_eq!(foreign(&both).await, 1, "what the former key did not prove the new one does not either");
    assert!(counts(&both, ada).await);
    let only_new = prepare(&test, &Arc::new(Keys::new(&new, None))).await;
    assert!(counts(&only_new, ada).await);
}
