//! A connection within a transaction, and the macros that run one statement on either database.

use std::sync::Arc;

use sqlx::{Postgres, Sqlite, Transaction};

use super::StoreError;
use super::access_version::Found;
use super::audit::ChainHead;
use crate::crypto::Keys;

/// A transaction that reads a snapshot (from [`Db::read`](super::Db::read)) or writes (inside
/// [`Db::maintain`](super::Db::maintain)).
#[derive(Debug)]
pub struct Conn<'c> {
    pub(super) tx: Driver<'c>,
    /// The new end of the audit log, if this transaction appended to it.
    pub(super) head: Option<ChainHead>,
    /// What proves and checks rows that give access.
    pub(super) keys: Option<Arc<Keys>>,
    /// The version of the access rules that this change began with.
    pub(super) access: Option<Found>,
}

/// The transaction of either driver.
#[derive(Debug)]
pub(super) enum Driver<'c> {
    Sqlite(Transaction<'c, Sqlite>),
    Postgres(Transaction<'c, Postgres>),
}

impl<'c> Conn<'c> {
    pub(super) fn of(tx: Driver<'c>) -> Self {
        Self { tx, head: None, keys: None, access: None }
    }

    /// Commits. Returns the new end of the audit log, if there is one.
    pub(super) async fn commit(self) -> Result<Option<ChainHead>, StoreError> {
        match self.tx {
            Driver::Sqlite(tx) => tx.commit().await?,
            Driver::Postgres(tx) => tx.commit().await?,
        }
        Ok(self.head)
    }

    /// Rolls back. If that fails, the connection is broken and the database rolls back on its own.
    pub(super) async fn rollback(self) {
        let undone = match self.tx {
            Driver::Sqlite(tx) => tx.rollback().await,
            Driver::Postgres(tx) => tx.rollback().await,
        };
        if let Err(error) = undone {
            tracing::warn!(%error, "a transaction could not be rolled back");
        }
    }
}

/// Runs the same expression with the connection of either driver.
macro_rules! on_either {
    ($conn:expr, $raw:ident => $run:expr) => {
        match &mut $conn.tx {
            $crate::store::conn::Driver::Sqlite(tx) => {
                let $raw = &mut **tx;
                $run
            }
            $crate::store::conn::Driver::Postgres(tx) => {
                let $raw = &mut **tx;
                $run
            }
        }
    };
}

/// `execute!(conn, "update … $1", value)`: runs a statement and returns the number of affected rows.
macro_rules! execute {
    ($conn:expr, $sql:expr $(, $value:expr)* $(,)?) => {
        $crate::store::conn::on_either!($conn, raw => {
            sqlx::query($sql)$(.bind($value))*.execute(raw).await.map(|done| done.rows_affected())
        })
        .map_err($crate::store::StoreError::from)
    };
}

/// `all!(conn, Row, "select … $1", value)`: every row, as `Row`.
macro_rules! all {
    ($conn:expr, $row:ty, $sql:expr $(, $value:expr)* $(,)?) => {
        $crate::store::conn::on_either!($conn, raw => {
            sqlx::query_as::<_, $row>($sql)$(.bind($value))*.fetch_all(raw).await
        })
        .map_err($crate::store::StoreError::from)
    };
}

/// A row with a value that can't be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// Its column `id`.
    pub id: String,
    pub why: String,
}

/// `each!(conn, Row, "select id, … $1", value)`: every row, read on its own, so that one that can't be read does not
/// hide the others.
macro_rules! each {
    ($conn:expr, $row:ty, $sql:expr $(, $value:expr)* $(,)?) => {
        $crate::store::conn::on_either!($conn, raw => {
            sqlx::query($sql)$(.bind($value))*.fetch_all(raw).await.map(|rows| {
                let read = rows.iter().map(|row| {
                    <$row as sqlx::FromRow<_>>::from_row(row).map_err(|error| {
                        $crate::store::conn::Unreadable {
                            id: sqlx::Row::try_get(row, "id").unwrap_or_default(),
                            why: $crate::store::StoreError::from(error).to_string(),
                        }
                    })
                });
                read.collect::<Vec<Result<$row, $crate::store::conn::Unreadable>>>()
            })
        })
        .map_err($crate::store::StoreError::from)
    };
}

/// `first!(conn, Row, "select … $1", value)`: the row, if there is one.
macro_rules! first {
    ($conn:expr, $row:ty, $sql:expr $(, $value:expr)* $(,)?) => {
        $crate::store::conn::on_either!($conn, raw => {
            sqlx::query_as::<_, $row>($sql)$(.bind($value))*.fetch_optional(raw).await
        })
        .map_err($crate::store::StoreError::from)
    };
}

/// `one!(conn, Row, "select count(*) …")`: the only row; it is an error if there is none.
macro_rules! one {
    ($conn:expr, $row:ty, $sql:expr $(, $value:expr)* $(,)?) => {
        $crate::store::conn::on_either!($conn, raw => {
            sqlx::query_as::<_, $row>($sql)$(.bind($value))*.fetch_one(raw).await
        })
        .map_err($crate::store::StoreError::from)
    };
}

/// A value of a dynamically built statement.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Text(String),
    Number(i64),
}

/// A dynamically built statement. User input is always a bound value and never part of the text.
#[derive(Clone, Debug, Default)]
pub(super) struct Built {
    pub(super) sql: String,
    pub(super) values: Vec<Value>,
}

impl Built {
    pub(super) fn new(sql: &'static str) -> Self {
        Self { sql: sql.to_owned(), values: Vec::new() }
    }

    /// Appends text.
    pub(super) fn text(&mut self, sql: &'static str) -> &mut Self {
        self.sql.push_str(sql);
        self
    }

    /// Appends the placeholder of a value.
    pub(super) fn value(&mut self, value: Value) -> &mut Self {
        self.values.push(value);
        self.sql.push_str(&format!("${}", self.values.len()));
        self
    }

    /// Appends a list of placeholders in parentheses.
    pub(super) fn list(&mut self, values: &[String]) -> &mut Self {
        for (at, value) in values.iter().enumerate() {
            self.text(if at == 0 { "(" } else { ", " }).value(Value::Text(value.clone()));
        }
        self.text(")")
    }
}

/// `all_built!(conn, Row, built)`: every row of a dynamically built statement.
macro_rules! all_built {
    ($conn:expr, $row:ty, $built:expr) => {{
        let $crate::store::conn::Built { sql, values } = $built;
        $crate::store::conn::on_either!($conn, raw => {
            let mut query = sqlx::query_as::<_, $row>(sqlx::AssertSqlSafe(sql));
            for value in values {
                query = match value {
                    $crate::store::conn::Value::Text(text) => query.bind(text),
                    $crate::store::conn::Value::Number(number) => query.bind(number),
                };
            }
            query.fetch_all(raw).await
        })
        .map_err($crate::store::StoreError::from)
    }};
}

pub(super) use {all, all_built, each, execute, first, on_either, one};
