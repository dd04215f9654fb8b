//! SQLite: a file that only its owner can read, one connection that writes, several that read.

use std::path::Path;
use std::time::{Duration, Instant};

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, SqlitePool};

use crate::store::conn::Driver;
use crate::store::{ACQUIRE, Conn, Pools, StoreError};

/// How long to wait while the file is locked.
const BUSY: Duration = Duration::from_secs(5);
/// How long to wait for a file that is held at the start.
const PATIENCE: Duration = Duration::from_secs(15);
/// How soon to try again where SQLite does not wait.
const AGAIN: Duration = Duration::from_millis(20);

pub(crate) static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("migrations/sqlite");

pub(crate) async fn open(file: &Path) -> Result<Pools, StoreError> {
    prepare(file).map_err(|error| {
        StoreError::Open(format!("The database file {} can't be made or opened: {error}.", file.display()))
    })?;
    let options = SqliteConnectOptions::new()
        .filename(file)
        .journal_mode(SqliteJournalMode::Wal)
        // An audit entry has to be on the disk before the secret is on the screen.
        .synchronous(SqliteSynchronous::Full)
        .busy_timeout(BUSY)
        .foreign_keys(true);
    let pool = || SqlitePoolOptions::new().acquire_timeout(ACQUIRE).idle_timeout(None).max_lifetime(None);
    let network = network_file_system(file);
    if let Some(kind) = network {
        tracing::warn!(
            file = %file.display(),
            kind,
            "the database file is on a network file system, where SQLite can lose data; use Postgres or a local disk"
        );
    }
    let unusable = |error: sqlx::Error| StoreError::Open(unusable(file, network, &error));
    first(&options).await.map_err(&unusable)?;
    let write = pool().max_connections(1).connect_with(options.clone()).await.map_err(&unusable)?;
    let read =
        pool().max_connections(4).connect_with(options.pragma("query_only", "1")).await.map_err(unusable)?;
    Ok(Pools::Sqlite { write, read })
}

/// Why a file can't be used, as a sentence for the operator.
fn unusable(file: &Path, network: Option<&str>, error: &sqlx::Error) -> String {
    let shown = file.display();
    if is_busy(error) {
        return format!(
            "The database file {shown} is held by another process, which did not let go of it for {} seconds. Stop \
             that process, or wait until it ends; fuser {shown} names it.",
            PATIENCE.as_secs()
        );
    }
    let place = network.map_or_else(String::new, |kind| {
        format!(" It is on a network file system ({kind}), where SQLite does not work: use Postgres or a local disk.")
    });
    format!("The file {shown} is no usable database: {error}.{place}")
}

/// The kind of network file system that a file is on; none if it is on another, or the system does not tell.
#[cfg(target_os = "linux")]
fn network_file_system(file: &Path) -> Option<&'static str> {
    kind_of(rustix::fs::statfs(file).ok()?.f_type)
}

#[cfg(not(target_os = "linux"))]
fn network_file_system(_: &Path) -> Option<&'static str> {
    None
}

/// The file systems of the kernel that other machines may share, by their numbers.
#[cfg(target_os = "linux")]
fn kind_of(number: rustix::fs::FsWord) -> Option<&'static str> {
    match u32::try_from(number).ok()? {
        0x6969 => Some("NFS"),
        0x517b | 0xfe53_4d42 | 0xff53_4d42 => Some("SMB"),
        0x00c3_6400 => Some("Ceph"),
        0x5346_414f | 0x6b41_4653 => Some("AFS"),
        0x0bd0_0bd0 => Some("Lustre"),
        0x4750_4653 => Some("GPFS"),
        0x0116_1970 => Some("GFS2"),
        0x7461_636f => Some("OCFS2"),
        _ => None,
    }
}

/// The first connection, which turns the write-ahead log on. Of several programs that make a database at once, two
/// would wait for each other there: SQLite refuses one of them instead of letting it wait as it does elsewhere. Without
/// the pool, which would say only that it took too long.
async fn first(options: &SqliteConnectOptions) -> Result<(), sqlx::Error> {
    let until = Instant::now() + PATIENCE;
    loop {
        match options.connect().await {
            Ok(connection) => return connection.close().await,
            Err(error) if is_busy(&error) && Instant::now() < until => tokio::time::sleep(AGAIN).await,
            Err(error) => return Err(error),
        }
    }
}

fn is_busy(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|said| said.code());
    code.and_then(|code| code.parse::<u32>().ok()).is_some_and(|code| code & 0xff == 5)
}

/// Whether the tables were made already, by this or any earlier Telescope.
pub(crate) async fn has_tables(pool: &SqlitePool) -> Result<bool, StoreError> {
    let sql = "select count(*) from sqlite_master where type = 'table' and name = 'lease'";
    let (count,): (i64,) = sqlx::query_as(sql).fetch_one(pool).await?;
    Ok(count > 0)
}

pub(crate) async fn begin_read(pool: &SqlitePool) -> Result<Conn<'static>, StoreError> {
    Ok(Conn::of(Driver::Sqlite(pool.begin().await?)))
}

/// Takes the right to write at once: a transaction that only later wants it is refused if another wrote.
pub(crate) async fn begin_change(pool: &SqlitePool) -> Result<Conn<'static>, StoreError> {
    Ok(Conn::of(Driver::Sqlite(pool.begin_with("BEGIN IMMEDIATE").await?)))
}

/// Makes the folder (0700) and the file (0600) if they are missing, and closes an open file to others.
/// SQLite gives its side files the rights of the main file.
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

/// Makes the folder and the file if they are missing; who may read them is for the folder to say.
#[cfg(not(unix))]
fn prepare(file: &Path) -> std::io::Result<()> {
    if let Some(folder) = file.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::OpenOptions::new().create(true).truncate(false).write(true).open(file).map(drop)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_network_file_system_is_named_when_its_database_fails() {
        let (nfs, local) = (kind_of(0x6969), kind_of(0xef53));
        assert_eq!((nfs, local, kind_of(0xff53_4d42)), (Some("NFS"), None, Some("SMB")));
        let error = sqlx::Error::Protocol("disk I/O error".into());
        let sentence = unusable(Path::new("/srv/t.db"), nfs, &error);
        assert!(sentence.contains("disk I/O error") && sentence.contains("(NFS)"), "{sentence}");
        assert!(sentence.ends_with("use Postgres or a local disk."), "{sentence}");
        assert!(!unusable(Path::new("/srv/t.db"), local, &error).contains("network"));
        assert_eq!(network_file_system(Path::new("/nowhere/at/all")), None);
    }
}
