//! Opening a database: what is missing is made, what is there is kept, what can't be is said in a sentence.

use sqlx::sqlite::{SqliteConnectOptions, SqliteLockingMode};
use sqlx::{ConnectOptions, Connection};
use telescope::config::Dsn;
use telescope::store::{Conn, Db, StoreError, meta};

use crate::support::db::TestDb;
use crate::support::postgres;

super::on_both!(
    what_is_there_is_kept,
    a_newer_database_is_refused,
    a_changed_migration_is_refused,
    ten_open_at_once
);

async fn refusal(dsn: &Dsn) -> String {
    match Db::open(dsn).await {
        Err(StoreError::Open(sentence)) => sentence,
        other => panic!("not refused: {other:?}"),
    }
}

async fn what_is_there_is_kept(test: TestDb) {
    test.db.maintain(async |conn: &mut Conn<'_>| meta::set(conn, "a", "b").await).await.unwrap();
    test.db.close().await;
    let again = Db::open(&test.dsn).await.unwrap();
    let value = meta::get(&mut again.read().await.unwrap(), "a").await.unwrap();
    assert_eq!(value.as_deref(), Some("b"));
    assert!(test.db.read().await.unwrap_err().is_away(), "a closed database is away");
}

async fn a_newer_database_is_refused(test: TestDb) {
    test.tamper("update _sqlx_migrations set version = 999999 where version = 1").await;
    let sentence = refusal(&test.dsn).await;
    assert!(sentence.contains("newer"), "{sentence}");
}

async fn a_changed_migration_is_refused(test: TestDb) {
    match test.dsn {
        Dsn::Sqlite(_) => test.tamper("update _sqlx_migrations set checksum = x'00'").await,
        Dsn::Postgres(_) => test.tamper("update _sqlx_migrations set checksum = '\\x00'").await,
    }
    let sentence = refusal(&test.dsn).await;
    assert!(sentence.contains("in another way"), "{sentence}");
}

async fn ten_open_at_once(test: TestDb) {
    let dsn = test.empty();
    let opened: Vec<_> = (0..10)
        .map(|_| {
            let dsn = dsn.clone();
            tokio::spawn(async move { Db::open(&dsn).await.map(drop) })
        })
        .collect();
    for one in opened {
        one.await.unwrap().unwrap();
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_file_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;

    let test = TestDb::sqlite().await;
    test.db.maintain(async |conn: &mut Conn<'_>| meta::set(conn, "a", "b").await).await.unwrap();
    let file = test.file().unwrap();
    let folder = file.parent().unwrap();
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(folder), 0o700);
    let files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(files.len() > 1, "write-ahead log beside the database: {files:?}");
    for file in files {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
    test.db.close().await;
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    Db::open(&test.dsn).await.unwrap();
    assert_eq!(mode(&file), 0o600, "closed to others again");
}

#[tokio::test]
async fn a_file_that_is_no_database_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("notes.txt");
    std::fs::write(&text, "These are notes, and no database at all. ".repeat(100)).unwrap();
    let below = text.join("telescope.db");
    for path in [folder.path(), &text, &below] {
        let sentence = refusal(&Dsn::Sqlite(path.to_owned())).await;
        assert!(sentence.contains(&path.display().to_string()) && sentence.ends_with('.'), "{sentence}");
    }
    assert!(std::fs::read_to_string(&text).unwrap().starts_with("These are notes"), "it is left as it was");
}

#[tokio::test]
async fn a_server_that_can_not_be_used_is_said_in_words() {
    let cluster = postgres::cluster();
    let admin = TestDb::postgres().await;
    admin
        .tamper("do 'begin create role visitor login; exception when duplicate_object then null; end'")
        .await;
    let away = refusal(&Dsn::parse("host=/nowhere user=ada password=hunter2 dbname=t").unwrap()).await;
    let not_allowed = refusal(&Dsn::parse(&cluster.dsn("visitor", "not_there")).unwrap()).await;
    let nobody = refusal(&Dsn::parse(&cluster.dsn("nobody_here", "t")).unwrap()).await;
    assert!(away.starts_with("The database can't be reached") && !away.contains("hunter2"), "{away}");
    assert!(not_allowed.contains("not_there") && not_allowed.contains("may not make it"), "{not_allowed}");
    assert!(nobody.contains("nobody_here"), "{nobody}");
}

/// The process that another one is: SQLite lets a process alone with itself.
#[tokio::test]
async fn a_file_that_another_process_holds_is_said_to_be_held() {
    let test = TestDb::sqlite().await;
    test.db.close().await;
    let file = test.file().unwrap();
    let options = SqliteConnectOptions::new().filename(&file).locking_mode(SqliteLockingMode::Exclusive);
    let mut holder = options.connect().await.unwrap();
    sqlx::raw_sql("begin exclusive").execute(&mut holder).await.unwrap();
    let sentence = refusal(&test.dsn).await;
    assert!(sentence.contains("is held by another process"), "{sentence}");
    assert!(sentence.contains(&file.display().to_string()), "{sentence}");
    drop(holder);

    // One that only writes lets others open the file and read it.
    let db = Db::open(&test.dsn).await.unwrap();
    let mut holder = SqliteConnectOptions::new().filename(&file).connect().await.unwrap();
    sqlx::raw_sql("begin immediate").execute(&mut holder).await.unwrap();
    let refused = db.maintain(async |conn: &mut Conn<'_>| meta::set(conn, "a", "b").await).await.unwrap_err();
    assert!(refused.is_away() && refused.to_string().contains("another process holds"), "{refused}");
    sqlx::raw_sql("rollback").execute(&mut holder).await.unwrap();
    db.maintain(async |conn: &mut Conn<'_>| meta::set(conn, "a", "b").await).await.unwrap();
}

/// Runs a statement in a database of the cluster as its superuser.
async fn as_owner(database: &str, statement: &'static str) {
    let Dsn::Postgres(url) = Dsn::parse(&postgres::cluster().dsn("postgres", database)).unwrap() else {
        panic!("no server")
    };
    let mut connection = sqlx::PgConnection::connect(url.expose()).await.unwrap();
    sqlx::raw_sql(statement).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

#[tokio::test]
async fn a_role_that_may_not_create_tables_is_told_what_to_grant() {
    let cluster = postgres::cluster();
    let admin = TestDb::postgres().await;
    admin
        .tamper("do 'begin create role newcomer login; exception when duplicate_object then null; end'")
        .await;
    admin.tamper("create database granted_none").await;
    admin.tamper("create database no_schema").await;
    as_owner("no_schema", "drop schema public").await;
    let dsn = Dsn::parse(&cluster.dsn("newcomer", "granted_none")).unwrap();
    assert_eq!(
        refusal(&dsn).await,
        "The role newcomer may not create tables in schema public of database granted_none: grant create on schema \
         public to newcomer, or make it the owner."
    );
    let none = refusal(&Dsn::parse(&cluster.dsn("newcomer", "no_schema")).unwrap()).await;
    assert!(none.contains("finds no schema in database no_schema"), "{none}");

    as_owner("granted_none", "grant create on schema public to newcomer").await;
    Db::open(&dsn).await.unwrap();
}
