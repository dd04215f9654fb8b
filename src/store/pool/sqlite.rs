//! SQLite: a file that only its owner can read, one connection that writes, several that read.

use std::path::Path;
use std::time::{Duration, Instant};

use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};

use crate::store::conn::Driver;
use crate::store::{ACQUIRE, Conn, Pools, StoreError};

/// How long to wait while the file is locked.
const BUSY: Duration = Duration::from_secs(5);
/// The pause before a retry where SQLite does not wait on its own.
const AGAIN: Duration = Duration::from_millis(20);

pub(crate) static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("migrations/sqlite");

pub(crate) async fn open(file: &Path) -> Result<Pools, StoreError> {
    prepare(file).map_err(|error| {
        StoreError::Open(format!("The database file {} can't be made or opened: {error}.", file.display()))
    })?;
    let options = SqliteConnectOptions::new()
        .filename(file)
        .journal_mode(SqliteJournalMode::Wal)
        // An audit entry must be on disk before the secret is shown.
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(BUSY)
        .foreign_keys(true);
    let pool = || SqlitePoolOptions::new().acquire_timeout(ACQUIRE).idle_timeout(None).max_lifetime(None);
    let unusable =
        |error| StoreError::Open(format!("The file {} is no usable database: {error}.", file.display()));
    let write = first(|| pool().max_connections(1).connect_with(options.clone())).await.map_err(unusable)?;
    let read =
        pool().max_connections(4).connect_with(options.pragma("query_only", "1")).await.map_err(unusable)?;
    Ok(Pools::Sqlite { write, read })
}

/// Opens the first connection, which enables the write-ahead log. If several processes create a database at the same
/// time, two of them would deadlock there, so SQLite refuses one at once instead of letting it wait.
async fn first<F>(connect: impl Fn() -> F) -> Result<SqlitePool, sqlx::Error>
where
    F: Future<Output = Result<SqlitePool, sqlx::Error>>,
{
    let until = Instant::now() + 3 * BUSY;
    loop {
        match connect().await {
            Err(error) if is_busy(&error) && Instant::now() < until => tokio::time::sleep(AGAIN).await,
            done => return done,
        }
    }
}

fn is_busy(error: &sqlx::Error) -> bool {
    error.as_database_error().and_then(|said| said.code()).as_deref() == Some("5")
}

/// Whether the tables exist, from this or any earlier version.
pub(crate) async fn has_tables(pool: &SqlitePool) -> Result<bool, StoreError> {
    let sql = "select count(*) from sqlite_master where type = 'table' and name = 'lease'";
    let (count,): (i64,) = sqlx::query_as(sql).fetch_one(pool).await?;
    Ok(count > 0)
}

pub(crate) async fn begin_read(pool: &SqlitePool) -> Result<Conn<'static>, StoreError> {
    Ok(Conn::of(Driver::Sqlite(pool.begin().await?)))
}

/// Takes the write lock at once: a transaction that upgrades later fails if another one wrote meanwhile.
pub(crate) async fn begin_change(pool: &SqlitePool) -> Result<Conn<'static>, StoreError> {
    Ok(Conn::of(Driver::Sqlite(pool.begin_with("BEGIN IMMEDIATE").await?)))
}

/// Creates the folder (0700) and the file (0600) if they are missing, and removes other users' access to an existing
/// file. SQLite gives its side files the permissions of the main file.
#[cfg(unix)]
fn prepare(file: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};

    if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let opened =
        std::fs::OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(file)?;
    let rights = opened.metadata()?.permissions();
    if rights.mode() & 0o077 != 0 {
        opened.set_permissions(std::fs::Permissions::from_mode(0o600))?;
    }
    Ok(())
}

/// Creates the folder and the file if they are missing; the folder's permissions decide who can read them.
#[cfg(not(unix))]
fn prepare(file: &Path) -> std::io::Result<()> {
    if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::OpenOptions::new().create(true).truncate(false).write(true).open(file).map(drop)
}
