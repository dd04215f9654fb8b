//! A Postgres role that can append to the audit log but not change it, as created by the script for operators.

use telescope::config::Dsn;
use telescope::crypto::{Keys, MasterKey};
use telescope::domain::access::Principal;
use telescope::domain::audit::{AuditEntry, AuditEvent};
use telescope::domain::{DesiredState, Millis};
use telescope::store::{Conn, Db, StoreError, audit};

use crate::support::postgres;
use crate::support::roles::{Roles, run};

fn keys() -> Keys {
    Keys::new(&MasterKey::parse("a key of exactly 32 letters here").unwrap(), None)
}

async fn append(db: &Db) -> Result<i64, StoreError> {
    let event = AuditEvent::DesiredStateSet { wanted: DesiredState::Connected };
    let entry = AuditEntry::done(Millis(1), &Principal::Cli, event);
    db.maintain(async |conn: &mut Conn<'_>| audit::append(conn, &keys(), &entry).await).await
}

/// Whether the error is Postgres' code for insufficient privileges.
fn is_denied(error: &sqlx::Error) -> bool {
    error.as_database_error().and_then(|said| said.code()).as_deref() == Some("42501")
}

#[tokio::test]
async fn the_limited_role_can_append_but_not_change_entries() {
    let roles = Roles::new(postgres::cluster(), "adding").await;
    let owner = Db::open(&Dsn::parse(&roles.owner()).unwrap()).await.unwrap();
    roles.limit().await;
    roles.limit().await;
    let server = Db::connect(&Dsn::parse(&roles.server()).unwrap()).await.unwrap();
    server.migrate().await.expect("a server of the same version finds nothing to do");
    for seq in 1..=3 {
        assert_eq!(append(&server).await.unwrap(), seq);
    }
    let verified = audit::verify(&mut server.read().await.unwrap(), &keys(), None).await.unwrap();
    assert_eq!((verified.entries, verified.faults), (3, vec![]));

    for sql in [
        "update audit_log set actor = 'somebody else'",
        "update audit_log set details = null, details_salt = null",
        "delete from audit_log",
        "truncate audit_log",
        "drop table audit_log",
        "drop table audit_head cascade",
        "alter table audit_log rename to elsewhere",
        "alter table audit_log disable trigger all",
        "alter table audit_log owner to adding_server",
        "alter table audit_log drop constraint audit_log_seq_unique",
        "alter table audit_log enable row level security",
        "create rule silence as on insert to audit_log do instead nothing",
        "create trigger silence before insert on audit_log for each row execute function suppress_redundant_updates_trigger()",
        "create table audit_log_of_mine (seq bigint)",
        "create schema mine",
        "delete from audit_head",
        "insert into audit_head (id, seq, mac) values (2, 0, '')",
        "truncate audit_head",
        "delete from _sqlx_migrations",
        "update _sqlx_migrations set checksum = ''",
        "set session_replication_role = replica",
        "set role adding_owner",
        "set role postgres",
        "alter role adding_server superuser",
        "grant all on audit_log to adding_server",
        "copy audit_log to program 'cat'",
    ] {
        match run(&roles.server(), sql).await {
            Err(error) => assert!(is_denied(&error), "{sql}: {error}"),
            // Without the grant option this only gives a warning.
            Ok(()) => assert!(sql.starts_with("grant"), "{sql} was done"),
        }
    }
    run(&roles.server(), "update audit_log set actor = ''").await.expect_err("granting changed nothing");
    let verified = audit::verify(&mut owner.read().await.unwrap(), &keys(), None).await.unwrap();
    assert_eq!((verified.entries, verified.faults), (3, vec![]), "and nothing was changed");

    assert!(owner.can_change_audit_log().await.unwrap());
    assert!(!server.can_change_audit_log().await.unwrap());
    let blanked =
        server.maintain(async |conn: &mut Conn<'_>| audit::blank_before(conn, Millis(9), 10).await).await;
    assert!(blanked.is_err());
    let blanked =
        owner.maintain(async |conn: &mut Conn<'_>| audit::blank_before(conn, Millis(9), 10).await).await;
    assert_eq!(blanked.unwrap(), 3);
}

/// After an update of Telescope the operator has to run `telescope migrate`; the error says so.
#[tokio::test]
async fn tables_of_another_version_are_refused() {
    let roles = Roles::new(postgres::cluster(), "behind").await;
    Db::open(&Dsn::parse(&roles.owner()).unwrap()).await.unwrap();
    roles.limit().await;
    run(
        &roles.owner(),
        "delete from _sqlx_migrations where version = (select max(version) from _sqlx_migrations)",
    )
    .await
    .unwrap();
    let server = Db::connect(&Dsn::parse(&roles.server()).unwrap()).await.unwrap();
    let refused = server.migrate().await.unwrap_err().to_string();
    assert!(refused.contains("telescope migrate") && refused.contains("owner"), "{refused}");
}
