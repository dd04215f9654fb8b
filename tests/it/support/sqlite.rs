//! A second connection to a SQLite file that a running Telescope has open.

use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection};

/// How long to wait for the writer's lock. SQLite does not queue those who wait, it lets them poll: while Telescope
/// writes often, and each commit waits for the disk, a poller can miss its turn for many seconds.
const BUSY: Duration = Duration::from_secs(60);

/// Connects to the file.
pub async fn connect(file: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(file).busy_timeout(BUSY).foreign_keys(true);
    options.connect().await.unwrap()
}

/// Runs these statements in one transaction: Telescope writes before all of them or after all of them.
pub async fn tamper(file: &Path, sql: &str) {
    let mut connection = connect(file).await;
    let sql = format!("begin immediate; {sql}; commit;");
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await.unwrap();
    connection.close().await.unwrap();
}

/// The number that a statement asks for.
pub async fn number(file: &Path, sql: &str) -> i64 {
    let mut connection = connect(file).await;
    let (number,) = sqlx::query_as(AssertSqlSafe(sql.to_owned())).fetch_one(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    number
}

/// The first column of what this question gives.
pub async fn rows(file: &Path, question: &'static str) -> Vec<String> {
    let mut connection = connect(file).await;
    let rows: Vec<(String,)> = sqlx::query_as(question).fetch_all(&mut connection).await.unwrap();
    connection.close().await.unwrap();
    rows.into_iter().map(|(value,)| value).collect()
}

/// Whether nobody is writing to the file at this moment.
pub async fn is_unlocked(file: &Path) -> bool {
    let options = SqliteConnectOptions::new().filename(file).busy_timeout(Duration::from_millis(100));
    let mut connection = options.connect().await.unwrap();
    let unlocked = sqlx::raw_sql("begin immediate; rollback;").execute(&mut connection).await.is_ok();
    connection.close().await.unwrap();
    unlocked
}
