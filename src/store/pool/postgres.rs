//! Postgres: one connection that writes, several that read, and the same promises as SQLite.

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgPool};

use crate::domain::Secret;
use crate::store::conn::Driver;
use crate::store::{ACQUIRE, Conn, Pools, StoreError};

pub(crate) static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!("migrations/postgres");

/// Who changes things holds this lock until the end of the transaction: "telescop" in ASCII.
const ALONE: i64 = 0x7465_6c65_7363_6f70;

/// What holds within each transaction, and is said in each: a pooler passes on no start-up options, and may give the next
/// transaction another connection. After 12 seconds the server ends a transaction in which nothing is said any more:
/// the process may stand still and must not keep its successor from writing. No change and no page of ours thinks for so
/// long.
macro_rules! begin {
    ($begin:literal) => {
        concat!(
            $begin,
            "; set local lock_timeout = '10s'; set local idle_in_transaction_session_timeout = '12s'"
        )
    };
}

pub(crate) async fn open(url: &Secret) -> Result<Pools, StoreError> {
    let options: PgConnectOptions = url.expose().parse().map_err(|error: sqlx::Error| {
        StoreError::Open(format!("DB_DSN can't be used: {}.", reason(&error)))
    })?;
    let options = if options.get_application_name().is_some() {
        options
    } else {
        options.application_name("telescope")
    };
    // A pooler refuses start-up parameters that it does not know. There are no floating-point numbers.
    let options = options.extra_float_digits(None);
    make_if_missing(&options).await?;
    let pool = || PgPoolOptions::new().acquire_timeout(ACQUIRE);
    let write = pool().max_connections(1).connect_with(options.clone()).await.map_err(unreachable)?;
    let read = pool().max_connections(8).connect_with(options).await.map_err(unreachable)?;
    // Both call their first statement alike. Where a pooler gives both the same connection, the second is refused.
    for pool in [&write, &read, &write] {
        sqlx::query("select 1").execute(pool).await?;
    }
    Ok(Pools::Postgres { write, read })
}

/// Whether the tables were made already, by this or any earlier Telescope.
pub(crate) async fn has_tables(pool: &PgPool) -> Result<bool, StoreError> {
    let (there,): (bool,) = sqlx::query_as("select to_regclass('lease') is not null").fetch_one(pool).await?;
    Ok(there)
}

/// Makes sure that this role can make tables. Since version 15 only the owner of a database may, unless told otherwise.
pub(crate) async fn ensure_may_make_tables(pool: &PgPool) -> Result<(), StoreError> {
    let sql = "select current_user::text, current_database()::text, current_schema()::text,
        coalesce(has_schema_privilege(current_schema(), 'create'), false)";
    let (role, database, schema, may): (String, String, Option<String>, bool) =
        sqlx::query_as(sql).fetch_one(pool).await?;
    if may {
        return Ok(());
    }
    Err(StoreError::Open(match schema {
        Some(schema) => format!(
            "The role {role} may not create tables in schema {schema} of database {database}: grant create on schema \
             {schema} to {role}, or make it the owner."
        ),
        None => format!(
            "The role {role} finds no schema in database {database} to create tables in: its search_path names none \
             that exists and that it may use."
        ),
    }))
}

/// Whether this role may change entries of the audit log.
pub(crate) async fn can_change_audit_log(pool: &PgPool) -> Result<bool, StoreError> {
    let sql = "select has_table_privilege('audit_log', 'update')";
    let (may,): (bool,) = sqlx::query_as(sql).fetch_one(pool).await?;
    Ok(may)
}

/// A look at one moment: all statements see the same, and none can write.
pub(crate) async fn begin_read(pool: &PgPool) -> Result<Conn<'static>, StoreError> {
    let tx = pool.begin_with(begin!("begin isolation level repeatable read read only")).await?;
    Ok(Conn::of(Driver::Postgres(tx)))
}

/// One change at a time, also among several programs, as SQLite has it.
pub(crate) async fn begin_change(pool: &PgPool) -> Result<Conn<'static>, StoreError> {
    let mut tx = pool.begin_with(begin!("begin")).await?;
    sqlx::query("select pg_advisory_xact_lock($1)").bind(ALONE).execute(&mut *tx).await?;
    Ok(Conn::of(Driver::Postgres(tx)))
}

/// Makes the database if the server says that there is none, and the role may.
async fn make_if_missing(options: &PgConnectOptions) -> Result<(), StoreError> {
    let missing = match options.connect().await {
        Ok(connection) => return connection.close().await.map_err(unreachable),
        Err(error) => error,
    };
    if code(&missing).as_deref() != Some("3D000") {
        return Err(unreachable(missing));
    }
    let name = options.get_database().unwrap_or_else(|| options.get_username());
    let mut server = options.clone().database("postgres").connect().await.map_err(|error| {
        StoreError::Open(format!("There is no database {name}, and it can't be made: {}.", reason(&error)))
    })?;
    let quoted = name.replace('"', "\"\"");
    let made = sqlx::query(AssertSqlSafe(format!("create database \"{quoted}\""))).execute(&mut server).await;
    match made.map(drop) {
        Ok(()) => Ok(()),
        // Another program made it meanwhile.
        Err(error) if matches!(code(&error).as_deref(), Some("42P04" | "23505")) => Ok(()),
        Err(error) => Err(StoreError::Open(format!(
            "There is no database {name}, and this role may not make it: {}.",
            reason(&error)
        ))),
    }
}

fn unreachable(error: sqlx::Error) -> StoreError {
    StoreError::Open(format!("The database can't be reached: {}.", reason(&error)))
}

fn code(error: &sqlx::Error) -> Option<String> {
    error.as_database_error()?.code().map(std::borrow::Cow::into_owned)
}

/// What the server or the system said, without the driver's words around it.
fn reason(error: &sqlx::Error) -> String {
    match error {
        sqlx::Error::Database(said) => said.message().to_owned(),
        sqlx::Error::Io(error) => error.to_string(),
        other => other.to_string(),
    }
}
