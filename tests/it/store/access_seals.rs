//! Databases from before rows carried proofs, and those whose master key changes.

use std::sync::Arc;

use telescope::crypto::{Keys, MasterKey, Purpose, SealContext};
use telescope::domain::privilege::{AccountPrivilege, AccountPrivileges, SystemPrivilege, SystemPrivileges};
use telescope::domain::{
    Account, AccountId, DesiredState, Email, GroupId, Millis, Phone, RoleId, Secret, UserId,
};
use telescope::store::audit::{self, Filter};
use telescope::store::{
    Conn, Db, StoreError, access_seals, accounts, groups, identities, roles, rules, users,
};

use crate::support::db::TestDb;

super::on_both!(
    a_database_from_before_is_proven_once,
    what_the_first_proofs_left_out_is_proven_once,
    waived_confirmations_are_proven_once,
    an_upgrade_hides_no_change_from_before,
    an_upgrade_with_a_new_key_proves_everything,
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
        groups::set_emergency_access(conn, group, true).await?;
        accounts::insert(conn, &account(&ada.email, group)).await?;
        Ok(ada.id)
    };
    db.maintain(filled).await.unwrap()
}

fn account(owner: &Email, group: GroupId) -> Account {
    Account {
        id: AccountId::generate(),
        identifier: Phone::test(2, 1).into(),
        owner: Some(owner.clone()),
        comment: String::new(),
        groups: vec![group],
        wanted: DesiredState::Connected,
        folder: "f".into(),
        created: NOW,
    }
}

/// Whether owner, group and approval settings count: all or none.
async fn accounts_count(db: &Db) -> bool {
    let conn = &mut db.read().await.unwrap();
    let account = accounts::all(conn).await.unwrap().remove(0);
    let found = [
        account.owner.is_some(),
        account.groups.len() == 1,
        groups::needing_approval(conn).await.unwrap().is_empty(),
        groups::allowing_emergency(conn).await.unwrap().len() == 1,
    ];
    assert!(found.iter().all(|it| *it == found[0]), "{found:?}");
    found[0]
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
    assert_eq!(accounts_count(db).await, found[0]);
    found[0] && !access_seals::any_foreign(conn).await.unwrap()
}

/// The nothing that the key sealed, as a version had it.
async fn key_check_of(test: &TestDb, keys: &Keys, version: i64) {
    let place = SealContext { purpose: Purpose::KeyCheck, row: keys.id(), version };
    let sealed = keys.seal(&place, &Secret::default()).unwrap();
    test.tamper(&format!("update meta set value = '{sealed}' where key = 'key_check.{}'", keys.id())).await;
}

/// As it was when only administrators, identities and roles carried proofs.
async fn as_the_first_had_it(test: &TestDb, keys: &Keys) {
    key_check_of(test, keys, 2).await;
    test.tamper(
        "update accounts set owner_proof = null; update account_group_members set proof = null;
         update account_groups set no_approval_proof = null, no_confirmation_proof = null, emergency_proof = null;
         update access_version set version = sealed",
    )
    .await;
}

/// As it was before there were proofs: the nothing that the key sealed is of the first version.
async fn as_before(test: &TestDb, keys: &Keys) {
    key_check_of(test, keys, 1).await;
    test.tamper(
        "update accounts set owner_proof = null; update account_group_members set proof = null;
         update account_groups set no_approval_proof = null, no_confirmation_proof = null, emergency_proof = null;
         update users set admin_proof = null; update identities set proof = null;
         update role_members set proof = null; update group_role_privileges set proof = null;
         update role_system_privileges set proof = null; update access_version set sealed = null, proof = null",
    )
    .await;
}

async fn seals_of(db: &Db, code: &str) -> usize {
    let filter = Filter { code: Some(code.into()), ..Filter::default() };
    audit::page(&mut db.read().await.unwrap(), &filter, 10).await.unwrap().len()
}

async fn seals(db: &Db) -> usize {
    seals_of(db, "access.sealed").await
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

    // Putting the old version back proves nothing again.
    as_before(&test, &keys).await;
    let db = prepare(&test, &keys).await;
    assert!(!counts(&db, ada).await);
    assert_eq!(seals(&db).await, 1);
    for code in ["access.owners-sealed", "access.confirmations-sealed"] {
        assert_eq!(seals_of(&db, code).await, 1, "{code}");
    }
}

async fn what_the_first_proofs_left_out_is_proven_once(test: TestDb) {
    let keys = Arc::new(Keys::new(&master(), None));
    let db = prepare(&test, &keys).await;
    let ada = fill(&db).await;
    as_the_first_had_it(&test, &keys).await;
    // Rows that were not proven then are not proven now.
    test.tamper(
        "insert into role_system_privileges (role_id, privilege) select role_id, 'manage_access' from role_system_privileges",
    )
    .await;
    assert!(!accounts_count(&db).await);
    let db = prepare(&test, &keys).await;
    assert!(accounts_count(&db).await);
    let removed = async |conn: &mut Conn<'_>| -> Result<usize, StoreError> {
        let removed = access_seals::remove_foreign(conn).await?.len();
        assert!(access_seals::accept_version(conn).await?.is_some());
        Ok(removed)
    };
    assert_eq!(db.maintain(removed).await.unwrap(), 1);
    assert!(counts(&db, ada).await);
    assert_eq!((seals(&db).await, seals_of(&db, "access.owners-sealed").await), (0, 1));

    // Putting the old version back proves nothing again.
    as_the_first_had_it(&test, &keys).await;
    let db = prepare(&test, &keys).await;
    assert!(!accounts_count(&db).await);
    assert_eq!(seals_of(&db, "access.owners-sealed").await, 1);
}

async fn waived_confirmations_are_proven_once(test: TestDb) {
    let keys = Arc::new(Keys::new(&master(), None));
    let db = prepare(&test, &keys).await;
    let ada = fill(&db).await;
    let without_confirmation = async |db: &Db| {
        let conn = &mut db.read().await.unwrap();
        groups::needing_confirmation(conn).await.unwrap().is_empty()
    };
    for is_first in [true, false] {
        key_check_of(&test, &keys, 3).await;
        test.tamper(
            "update account_groups set no_confirmation_proof = null; update access_version set version = sealed",
        )
        .await;
        assert!(!without_confirmation(&db).await);
        let db = prepare(&test, &keys).await;
        assert_eq!(without_confirmation(&db).await, is_first);
        assert_eq!(counts(&db, ada).await, is_first);
        assert_eq!(seals_of(&db, "access.owners-sealed").await, 0);
        assert_eq!(seals_of(&db, "access.confirmations-sealed").await, 1);
    }
}

async fn an_upgrade_hides_no_change_from_before(test: TestDb) {
    let keys = Arc::new(Keys::new(&master(), None));
    let db = prepare(&test, &keys).await;
    fill(&db).await;
    for (sql, is_foreign) in [("select 1", false), ("update roles set name = 'Other'", true)] {
        as_the_first_had_it(&test, &keys).await;
        test.tamper(
            "delete from audit_log where code in ('access.owners-sealed', 'access.confirmations-sealed')",
        )
        .await;
        test.tamper(sql).await;
        let db = prepare(&test, &keys).await;
        assert!(accounts_count(&db).await);
        assert_eq!(
            access_seals::any_foreign(&mut db.read().await.unwrap()).await.unwrap(),
            is_foreign,
            "{sql}"
        );
    }
}

async fn an_upgrade_with_a_new_key_proves_everything(test: TestDb) {
    let (old, new) = (master(), master());
    let old_keys = Arc::new(Keys::new(&old, None));
    let db = prepare(&test, &old_keys).await;
    let ada = fill(&db).await;
    as_the_first_had_it(&test, &old_keys).await;
    let both = prepare(&test, &Arc::new(Keys::new(&new, Some(&old)))).await;
    assert!(counts(&both, ada).await);
    let only_new = prepare(&test, &Arc::new(Keys::new(&new, None))).await;
    assert!(counts(&only_new, ada).await);
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
