//! Somebody can write to the database and has an account of their own. What they put in gives nothing, and is removed and
//! recorded.

use axum::http::StatusCode;
use sha2::{Digest, Sha256};
use telescope::domain::AccountId;
use telescope::domain::privilege::{AccountPrivilege, AccountPrivileges, SystemPrivileges};
use telescope::ops::access_seals;
use telescope::store::{self, audit::Filter};
use tower_sessions::session::Id;

use super::app::{ADMIN, TestApp, Visitor};

const EVE: &str = "eve@example.org";
const VIEW: AccountPrivileges = AccountPrivileges::of(&[AccountPrivilege::View]);

/// Code and details of the newest entries that are about foreign rows, the oldest first.
pub async fn noticed(test: &TestApp) -> Vec<(String, String)> {
    access_seals::sweep(&test.app).await.unwrap();
    let conn = &mut test.app.db.read().await.unwrap();
    let mut entries = store::audit::page(conn, &Filter::default(), 100).await.unwrap();
    entries.reverse();
    let about = entries.into_iter().filter(|entry| entry.code.starts_with("access."));
    about.map(|entry| (entry.code, entry.details.unwrap_or_default())).collect()
}

async fn sees(who: &Visitor, account: AccountId) -> bool {
    who.get(&format!("/accounts/{account}")).await.status == StatusCode::OK
}

async fn rows(test: &TestApp, sql: &str) -> i64 {
    let telescope::config::Dsn::Sqlite(file) = &test.app.config.storage.db else { panic!("not SQLite") };
    crate::support::sqlite::number(file, sql).await
}

#[tokio::test]
async fn a_row_for_ones_own_cookie_is_no_session() {
    let test = TestApp::new().await;
    let (root, eve) = (test.signed_in(ADMIN).await, test.signed_in(EVE).await);
    let admin = test.user(ADMIN).await.id;
    let id = Id::default();
    let forged = test.anonymous().with_cookie(&format!("telescope={id}"));
    // As the former table had it, and with what the administrator's own session holds.
    for data in [format!("'{{\"user\":\"{admin}\",\"verified\":true}}'"), "data".to_owned()] {
        test.sql(&format!(
            "insert into web_sessions (id_hash, user_id, data, created, seen, expires)
             select '{}', '{admin}', {data}, created, seen, expires from web_sessions where user_id = '{admin}'",
            hex::encode(Sha256::digest(id.to_string()))
        ))
        .await;
        assert_eq!(forged.get("/users").await.status, StatusCode::SEE_OTHER, "{data}");
        let noticed = noticed(&test).await;
        assert!(noticed.last().unwrap().1.contains(r#""session""#), "{noticed:?}");
        assert_eq!(rows(&test, "select count(*) from web_sessions").await, 2, "it is removed");
    }
    assert_eq!(root.get("/users").await.status, StatusCode::OK);
    assert_eq!(eve.get("/accounts").await.status, StatusCode::OK);

    // What one session holds does not count in another, and the person beside it does not count at all.
    test.sql(&format!("update web_sessions set user_id = '{admin}'")).await;
    assert_eq!(eve.get("/users").await.status, StatusCode::FORBIDDEN);
    test.sql(
        "update web_sessions set data = (select data from web_sessions order by rowid limit 1)
         where rowid = (select max(rowid) from web_sessions)",
    )
    .await;
    assert_eq!(eve.get("/users").await.status, StatusCode::SEE_OTHER);
    assert_eq!(root.get("/users").await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_session_does_not_live_longer_by_a_changed_row() {
    let test = TestApp::with_its_own_time().await;
    let root = test.signed_in(ADMIN).await;
    let sql = "update web_sessions set created = created + 864000000, expires = expires + 864000000";
    test.sql(sql).await;
    assert_eq!(root.get("/users").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn administrator_rights_of_a_row_are_none() {
    let test = TestApp::new().await;
    test.signed_in(ADMIN).await;
    let eve = test.signed_in(EVE).await;
    for sql in [
        "update users set admin = true where email = 'eve@example.org'",
        "update users set admin = true,
         admin_proof = (select admin_proof from users where email = 'root@example.org') where email = 'eve@example.org'",
    ] {
        test.sql(sql).await;
        test.apply_policy().await;
        assert_eq!(eve.get("/users").await.status, StatusCode::FORBIDDEN, "{sql}");
        let noticed = noticed(&test).await;
        let [.., (code, details), (change, _)] = noticed.as_slice() else { panic!("{noticed:?}") };
        assert_eq!((code.as_str(), change.as_str()), ("access.foreign-row", "access.foreign-change"));
        assert!(details.contains("administrator") && details.contains(EVE), "{details}");
        assert_eq!(rows(&test, "select count(*) from users where admin = true").await, 1);
    }
    let before = noticed(&test).await;
    assert_eq!(noticed(&test).await, before, "it is recorded once");
    assert!(test.user(ADMIN).await.admin);
}

#[tokio::test]
async fn roles_privileges_and_identities_of_rows_give_nothing() {
    let test = TestApp::new().await;
    let account = test.account(1, None).await;
    let group = test.group("Sales", &[account]).await;
    let role = test.role("Readers", &[(group, VIEW)], SystemPrivileges::NONE).await;
    let empty = test.role("Empty", &[], SystemPrivileges::NONE).await;
    test.give("bob@example.org", role).await;
    let (bob, eve) = (test.signed_in("bob@example.org").await, test.signed_in(EVE).await);
    test.give(EVE, empty).await;
    let id = test.user(EVE).await.id;
    for (sql, what) in [
        (
            format!("insert into role_members (role_id, user_id, source) values ('{role}', '{id}', 'page')"),
            "role-member",
        ),
        (
            format!(
                "insert into role_members select role_id, '{id}', source, proof from role_members where role_id = '{role}'"
            ),
            "role-member",
        ),
        (
            format!(
                "insert into group_role_privileges (group_id, role_id, privilege) values ('{group}', '{empty}', 'view')"
            ),
            "group-privilege",
        ),
        (
            format!(
                "insert into role_system_privileges (role_id, privilege) values ('{empty}', 'manage_access')"
            ),
            "system-privilege",
        ),
        (
            format!(
                "insert into identities (issuer, subject, user_id, created) values ('mock', 'mallory', '{id}', 0)"
            ),
            "identity",
        ),
    ] {
        let before = noticed(&test).await.len();
        test.sql(&sql).await;
        test.apply_policy().await;
        assert!(!sees(&eve, account).await, "{sql}");
        assert_eq!(eve.get("/users").await.status, StatusCode::FORBIDDEN, "{sql}");
        let noticed = noticed(&test).await;
        let new: Vec<_> =
            noticed.iter().skip(before).filter(|(code, _)| code == "access.foreign-row").collect();
        assert_eq!(new.len(), 1, "{sql}: {noticed:?}");
        assert!(new[0].1.contains(what), "{new:?}");
    }
    assert!(sees(&bob, account).await, "what Telescope wrote counts");
    assert_eq!(rows(&test, "select count(*) from role_members").await, 2);
}

#[tokio::test]
async fn rules_that_are_taken_or_moved_are_noticed_once() {
    let test = TestApp::new().await;
    let account = test.account(1, None).await;
    let group = test.group("Sales", &[account]).await;
    test.role("Readers", &[(group, VIEW)], SystemPrivileges::NONE).await;
    assert_eq!(noticed(&test).await, [], "what Telescope does is none of it");
    for (number, sql) in [
        "delete from group_role_privileges",
        "update accounts set owner = null",
        "update account_groups set reveals_need_approval = true",
        "update account_groups set confirm_identity = true",
        "delete from account_group_members",
        "update access_version set sealed = version + 1, version = version + 1",
    ]
    .into_iter()
    .enumerate()
    {
        test.sql(sql).await;
        let noticed = noticed(&test).await;
        assert_eq!(noticed.len(), number + 1, "{sql}: {noticed:?}");
        assert_eq!(noticed.last().unwrap().0, "access.foreign-change");
    }
    // A change of Telescope's own before the server looks does not hide it.
    test.sql("update accounts set owner = null").await;
    test.group("Support", &[]).await;
    assert_eq!(noticed(&test).await.len(), 7);
}

/// Eve may log in to the accounts in Sales, and owns one of them. The account of the board requires approvals.
#[tokio::test]
async fn owners_groups_and_waived_approvals_of_rows_give_nothing() {
    let test = TestApp::new().await;
    let login = AccountPrivileges::of(&[AccountPrivilege::View, AccountPrivilege::Login]);
    let (boards, sold) = (test.account(1, None).await, test.account(2, Some(EVE)).await);
    let board = test.group("Board", &[boards]).await;
    let sales = test.group("Sales", &[sold]).await;
    let role = test.role("Desk", &[(sales, login)], SystemPrivileges::NONE).await;
    test.give(EVE, role).await;
    let eve = test.signed_in(EVE).await;
    let protect = async |conn: &mut store::Conn<'_>| -> Result<(), store::StoreError> {
        store::groups::set_needs_confirmation(conn, board, true).await?;
        store::groups::set_needs_approval(conn, board, true).await
    };
    test.app.db.maintain(protect).await.unwrap();
    // Also after a restart, which reads everything again.
    let is_safe = async |sql: &str| {
        test.apply_policy().await;
        assert!(!sees(&eve, boards).await, "{sql}");
        assert!(sees(&eve, sold).await, "{sql}: what Telescope wrote counts");
        let conn = &mut test.app.db.read().await.unwrap();
        let account = store::accounts::get(conn, boards).await.unwrap().unwrap();
        assert_eq!((account.owner, account.groups), (None, vec![board]), "{sql}");
        let all = store::accounts::all(conn).await.unwrap();
        assert!(all.iter().all(|it| it.id != boards || it.owner.is_none() && it.groups == [board]), "{sql}");
        assert!(store::groups::any_needs_approval(conn, boards).await.unwrap(), "{sql}");
        assert_eq!(store::groups::needing_approval(conn).await.unwrap(), [board], "{sql}");
        assert!(!store::groups::emergency_allowed(conn, boards).await.unwrap(), "{sql}");
        assert!(store::groups::any_needs_confirmation(conn, boards).await.unwrap(), "{sql}");
        assert_eq!(store::groups::needing_confirmation(conn).await.unwrap(), [board], "{sql}");
        assert_eq!(store::groups::allowing_emergency(conn).await.unwrap(), [], "{sql}");
    };
    is_safe("nothing yet").await;
    for (sql, what) in [
        (format!("update accounts set owner = '{EVE}' where id = '{boards}'"), "owner"),
        (
            format!(
                "update accounts set owner = '{EVE}',
                 owner_proof = (select owner_proof from accounts where owner = '{EVE}') where id = '{boards}'"
            ),
            "owner",
        ),
        (
            format!(
                "insert into account_group_members (account_id, group_id) values ('{boards}', '{sales}')"
            ),
            "account-group",
        ),
        (
            format!(
                "insert into account_group_members (account_id, group_id, proof)
                 select '{boards}', group_id, proof from account_group_members where account_id = '{sold}'"
            ),
            "account-group",
        ),
        ("update account_groups set reveals_need_approval = false".into(), "no-approval"),
        ("update account_groups set confirm_identity = false".into(), "no-confirmation"),
        (
            format!(
                "update account_groups set confirm_identity = false, no_confirmation_proof =
                 (select no_confirmation_proof from account_groups where id = '{sales}') where id = '{board}'"
            ),
            "no-confirmation",
        ),
        (
            format!(
                "update account_groups set reveals_need_approval = false, no_approval_proof =
                 (select no_approval_proof from account_groups where id = '{sales}') where id = '{board}'"
            ),
            "no-approval",
        ),
        (
            format!("update account_groups set emergency_access = true where id = '{board}'"),
            "emergency-access",
        ),
        (
            format!(
                "update account_groups set emergency_access = true, emergency_proof =
                 (select no_approval_proof from account_groups where id = '{sales}') where id = '{board}'"
            ),
            "emergency-access",
        ),
    ] {
        let before = noticed(&test).await.len();
        test.sql(&sql).await;
        is_safe(&sql).await;
        let noticed = noticed(&test).await;
        let new: Vec<_> =
            noticed.iter().skip(before).filter(|(code, _)| code == "access.foreign-row").collect();
        assert_eq!(new.len(), 1, "{sql}: {noticed:?}");
        assert!(new[0].1.contains(&format!("{what:?}")), "{new:?}");
        is_safe(&sql).await;
        for (question, count) in [
            ("select count(*) from accounts where owner is not null", 1),
            ("select count(*) from account_group_members", 2),
            ("select count(*) from account_groups where reveals_need_approval = true", 1),
            ("select count(*) from account_groups where emergency_access = true", 0),
            ("select count(*) from account_groups where confirm_identity = true", 1),
        ] {
            assert_eq!(rows(&test, question).await, count, "{sql}: the row is repaired");
        }
    }
    // A group that Telescope did not make requires approvals, and Telescope's own settings count.
    test.sql("insert into account_groups (id, name, name_folded) select replace(id, '0', '1'), 'X', 'x' from account_groups limit 1").await;
    let needing = store::groups::needing_approval(&mut test.app.db.read().await.unwrap()).await.unwrap();
    assert_eq!(needing.len(), 2);
    let waive = async |conn: &mut store::Conn<'_>| -> Result<(), store::StoreError> {
        store::groups::set_emergency_access(conn, board, true).await
    };
    test.app.db.maintain(waive).await.unwrap();
    let conn = &mut test.app.db.read().await.unwrap();
    assert!(store::groups::emergency_allowed(conn, boards).await.unwrap());
}
