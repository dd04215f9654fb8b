//! The policy version, which makes a running server reload its rules: every change of a row that rights depend on
//! increments it, including changes by SQL and cascading deletes.

use telescope::store::rules;

use crate::support::db::TestDb;
use crate::support::postgres;
use crate::support::roles::{Roles, run};

super::on_both!(
    every_statement_that_changes_a_right_is_counted,
    changes_without_effect_on_rights_are_not_counted
);

/// People, roles, groups and accounts, not related to each other yet.
const ORGANISATION: &str = "
    insert into users (id, email, admin, disabled, created, seen) values
        ('u', 'ada@example.org', false, false, 1, 1), ('v', 'bob@example.org', false, false, 1, 1);
    insert into roles (id, name, name_folded) values ('r', 'R', 'r'), ('s', 'S', 's');
    insert into account_groups (id, name, name_folded) values ('g', 'G', 'g'), ('h', 'H', 'h');
    insert into accounts (id, phone, comment, wanted, folder, created)
        values ('a', '9996620001', '', 'connected', 'f', 1), ('b', '9996620002', '', 'connected', 'e', 1);";

async fn version(test: &TestDb) -> i64 {
    rules::version(&mut test.db.read().await.unwrap()).await.unwrap().number
}

async fn every_statement_that_changes_a_right_is_counted(test: TestDb) {
    test.tamper(ORGANISATION).await;
    let member = "insert into role_members (role_id, user_id, source) values ('r', 'u', 'page')";
    let cell = "insert into group_role_privileges (group_id, role_id, privilege) values ('g', 'r', 'view')";
    let system = "insert into role_system_privileges (role_id, privilege) values ('r', 'read_audit')";
    let joined = "insert into account_group_members (account_id, group_id) values ('a', 'g')";
    for (before_sql, sql) in [
        ("", member),
        ("", "update role_members set user_id = 'v'"),
        ("", "delete from role_members"),
        (member, "delete from users where id = 'u'"),
        ("", cell),
        ("", "update group_role_privileges set privilege = 'login'"),
        ("", "delete from group_role_privileges"),
        ("", system),
        ("", "update role_system_privileges set privilege = 'manage_access'"),
        ("", "delete from role_system_privileges"),
        ("", joined),
        ("", "update account_group_members set group_id = 'h'"),
        ("", "delete from account_group_members"),
        (joined, "delete from accounts where id = 'a'"),
        (cell, "delete from account_groups where id = 'g'"),
        ("", "update account_groups set reveals_need_approval = true"),
        ("", "update account_groups set confirm_identity = true"),
        ("", "update account_groups set name = 'Sales'"),
        ("", "insert into account_groups (id, name, name_folded) values ('i', 'I', 'i')"),
        (system, "delete from roles where id = 'r'"),
        (
            "insert into roles (id, name, name_folded) values ('t', 'T', 't')",
            "delete from roles where id = 't'",
        ),
        ("", "delete from account_groups where id = 'i'"),
        ("", "update roles set name = 'Support', name_folded = 'support'"),
        ("", "update users set admin = true where id = 'v'"),
        ("", "update users set disabled = true"),
        ("", "update users set email = 'eve@example.org'"),
        ("", "update accounts set owner = 'eve@example.org'"),
        ("", "update accounts set owner_proof = 'proof'"),
        ("", "update account_groups set no_approval_proof = 'proof'"),
        ("", "update account_groups set no_confirmation_proof = 'proof'"),
        ("", "update accounts set comment = 'of the board'"),
    ] {
        if !before_sql.is_empty() {
            test.tamper(before_sql).await;
        }
        let before = version(&test).await;
        test.tamper(sql).await;
        assert!(version(&test).await > before, "{sql}");
    }
    // Cascading deletes are counted by the table of the deleted rows, too.
    for (before_sql, sql) in [
        (
            "insert into role_members (role_id, user_id, source) values ('s', 'v', 'provider')",
            "delete from users",
        ),
        (
            "insert into account_group_members (account_id, group_id) values ('b', 'h')",
            "delete from accounts",
        ),
    ] {
        test.tamper(before_sql).await;
        let before = version(&test).await;
        test.tamper(sql).await;
        assert!(version(&test).await > before, "{sql}");
    }
}

/// If the time of the last sign-in counted, each sign-in would reload all rules.
async fn changes_without_effect_on_rights_are_not_counted(test: TestDb) {
    test.tamper(ORGANISATION).await;
    let before = version(&test).await;
    for sql in [
        "update users set seen = 2",
        "update users set email = email, admin = admin",
        "update accounts set wanted = 'disconnected'",
        "insert into users (id, email, admin, disabled, created, seen) values ('w', 'w@example.org', false, false, 1, 1)",
        "insert into roles (id, name, name_folded) values ('t', 'T', 't')",
    ] {
        test.tamper(sql).await;
        assert_eq!(version(&test).await, before, "{sql}");
    }
}

/// Triggers run with the rights of the role that fires them, so a server with a limited role must be able to count.
#[tokio::test]
async fn a_limited_role_can_count_changes_and_use_later_tables() {
    let roles = Roles::new(postgres::cluster(), "counting").await;
    let dsn = telescope::config::Dsn::parse(&roles.owner()).unwrap();
    let owner = telescope::store::Db::open(&dsn).await.unwrap();
    roles.limit().await;
    let counted = async || rules::version(&mut owner.read().await.unwrap()).await.unwrap().number;
    run(&roles.server(), ORGANISATION).await.unwrap();
    for sql in [
        "insert into role_members (role_id, user_id, source) values ('r', 'u', 'page')",
        "insert into group_role_privileges (group_id, role_id, privilege) values ('g', 'r', 'view')",
        "insert into account_group_members (account_id, group_id) values ('a', 'g')",
        "update users set admin = true",
        "update accounts set owner = 'ada@example.org'",
        "delete from account_groups",
        "delete from roles",
    ] {
        let before = counted().await;
        run(&roles.server(), sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
        assert!(counted().await > before, "{sql}");
    }
    let asked =
        "insert into reveal_requests (id, account_id, kind, requester, reason, created, expires, state)
                 values ('q', 'a', 'login_code', 'u', 'Leave', 1, 2, 'waiting')";
    for sql in [asked, "update reveal_requests set state = 'expired'", "delete from reveal_requests"] {
        run(&roles.server(), sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
    run(&roles.owner(), "create table of_a_later_version (id text)").await.unwrap();
    for sql in ["insert into of_a_later_version values ('1')", "delete from of_a_later_version"] {
        run(&roles.server(), sql).await.unwrap_or_else(|error| panic!("{sql}: {error}"));
    }
}
