//! What can go wrong with the database, sorted by what the caller can do about it.

/// An error of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database can't be opened; a sentence for the operator.
    #[error("{0}")]
    Open(String),
    /// The database does not answer, or not in time. It may be back soon.
    #[error("the database is away: {0}")]
    Away(#[source] sqlx::Error),
    /// Another program is changing the file of SQLite, for longer than anything of ours takes.
    #[error(
        "another process holds the database file and has not let go of it; stop that process, or wait until it ends \
         (fuser and lsof name it)"
    )]
    Locked,
    /// Each statement may reach another connection to Postgres.
    #[error(
        "a pooler in front of Postgres gives statements of one client to different connections, which prepared \
         statements do not survive. Telescope needs session pooling (PgBouncer: pool_mode=session), or PgBouncer 1.21 \
         or later with max_prepared_statements"
    )]
    Pooled,
    /// Too many changes wait for one another.
    #[error("the database is busy with other changes")]
    Busy,
    /// Another server is the active one now; this one must not change anything any more.
    #[error("another Telescope has taken over this database")]
    LeaseLost,
    /// A value that must be unique is there already: `table.columns`.
    #[error("{0} is there already")]
    Unique(String),
    /// What was to be changed, or pointed to, does not exist.
    #[error("there is no such row")]
    Missing,
    /// What is stored can't be understood or opened; the text holds nothing of it.
    #[error("the database holds something wrong: {0}")]
    Corrupt(String),
    /// A text has a character that the database can't store.
    #[error("a text has a character that the database can't store")]
    Character,
    /// Any other error of the database.
    #[error("the database failed: {0}")]
    Database(#[source] sqlx::Error),
}

/// What is not unique, as `table.column` (`table.one_other` if it is several columns), on both databases.
pub fn unique(error: &StoreError) -> Option<&str> {
    match error {
        StoreError::Unique(place) => Some(place),
        StoreError::Open(_)
        | StoreError::Away(_)
        | StoreError::Locked
        | StoreError::Pooled
        | StoreError::Busy
        | StoreError::LeaseLost
        | StoreError::Missing
        | StoreError::Corrupt(_)
        | StoreError::Character
        | StoreError::Database(_) => None,
    }
}

impl StoreError {
    /// Whether the database is away, so that a page may say so and go on from memory.
    pub const fn is_away(&self) -> bool {
        matches!(self, Self::Away(_) | Self::Locked | Self::Busy)
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed
            | sqlx::Error::Io(_)
            | sqlx::Error::Tls(_) => Self::Away(error),
            sqlx::Error::RowNotFound => Self::Missing,
            sqlx::Error::ColumnDecode { index, source } => {
                let kind =
                    if source.is::<std::string::FromUtf8Error>() { "no text" } else { "no such value" };
                Self::Corrupt(format!("column {index} has {kind}"))
            }
            sqlx::Error::Database(said) => match said.kind() {
                sqlx::error::ErrorKind::UniqueViolation => Self::Unique(not_unique(said.as_ref())),
                sqlx::error::ErrorKind::ForeignKeyViolation => Self::Missing,
                // Postgres stores no NUL.
                _ if said.code().as_deref() == Some("22021") => Self::Character,
                _ if is_locked(said.code().as_deref()) => Self::Locked,
                _ if is_pooled(&error) => Self::Pooled,
                _ if is_away(said.code().as_deref()) => Self::Away(error),
                _ => Self::Database(error),
            },
            _ => Self::Database(error),
        }
    }
}

/// Whether a prepared statement was not there, or was there already: only a pooler makes that happen.
pub(super) fn is_pooled(error: &sqlx::Error) -> bool {
    let code = error.as_database_error().and_then(|said| said.code());
    matches!(code.as_deref(), Some("26000" | "42P05"))
}

/// SQLite's code for a file that another process has locked, with what it adds to it.
fn is_locked(code: Option<&str>) -> bool {
    code.and_then(|code| code.parse::<u16>().ok()).is_some_and(|code| code & 0xff == 5 && code < 8000)
}

/// Postgres' codes for a lost connection, too many of them, a shutdown, a start; SQLite's for a locked table,
/// a full disk and a failed disk.
fn is_away(code: Option<&str>) -> bool {
    code.is_some_and(|code| {
        code.starts_with("08")
            || matches!(code, "53300" | "57P01" | "57P02" | "57P03" | "55P03")
            || code.parse::<u16>().is_ok_and(|code| matches!(code & 0xff, 6 | 10 | 13 | 14) && code < 8000)
    })
}

/// `accounts.phone`, from Postgres' `accounts_phone_unique` or SQLite's `… failed: accounts.phone`.
fn not_unique(said: &dyn sqlx::error::DatabaseError) -> String {
    if let (Some(table), Some(constraint)) = (said.table(), said.constraint()) {
        let columns = constraint
            .strip_prefix(table)
            .and_then(|rest| rest.strip_prefix('_'))
            .and_then(|rest| rest.strip_suffix("_unique"));
        return columns.map_or_else(|| constraint.to_owned(), |columns| format!("{table}.{columns}"));
    }
    let places = said.message().rsplit_once("failed: ").map_or("", |(_, places)| places);
    let table = places.split_once('.').map_or("", |(table, _)| table);
    let columns: Vec<&str> =
        places.split(", ").map(|place| place.split_once('.').map_or(place, |(_, column)| column)).collect();
    format!("{table}.{}", columns.join("_"))
}
