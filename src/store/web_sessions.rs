//! The session store for `tower-sessions`.
//!
//! A session's id is as good as a password, so the database keeps a MAC of it only, and what a session holds is encrypted
//! for its row. Reading the database gives no one a session, and neither does writing to it: without the key, no row can
//! be made for an id, and the person of one session can't be put into another.
//!
//! A session ends a fixed time after the sign-in, whatever its record says later, and earlier if it is not used. Its last
//! use is stored at most once a minute, so that not every page view writes to the database.

use std::collections::HashMap;

use async_trait::async_trait;
use time::OffsetDateTime;
use tower_sessions::SessionStore;
use tower_sessions::session::{Id, Record};
use tower_sessions::session_store::{Error, Result};

use super::conn::{all, execute, first};
use super::{Conn, Db, StoreError, invites, unique};
use crate::clock::Clock;
use crate::crypto::{Keys, Purpose, SealContext};
use crate::domain::{Millis, Secret, UserId};

/// The key of the signed-in person's id in a session's data.
pub const USER_KEY: &str = "user";

/// `seen` is written at most once per this many milliseconds.
const SEEN_EVERY: i64 = 60_000;
/// The maximum lifetime of a session in days. Each sign-in begins a new session.
pub const LIFE_DAYS: i64 = 7;
/// The same in milliseconds.
const LIFE: i64 = LIFE_DAYS * 24 * 60 * 60 * 1000;
/// Milliseconds after which an unused session ends.
const IDLE: i64 = 12 * 60 * 60 * 1000;

#[derive(Clone, Debug)]
pub struct WebSessions {
    db: Db,
    clock: Clock,
    /// Whether loading a session counts as use.
    uses: bool,
}

impl WebSessions {
    /// A store in `db` that uses `clock` to expire sessions.
    pub fn new(db: Db, clock: Clock) -> Self {
        Self { db, clock, uses: true }
    }

    /// A store for checking whether a session is still valid, as open pages do in the background: that does not count as
    /// use, so a forgotten page does not keep its session alive.
    pub fn watching(db: Db, clock: Clock) -> Self {
        Self { db, clock, uses: false }
    }

    /// Deletes expired sessions. Returns how many.
    pub async fn delete_expired(&self) -> std::result::Result<u64, StoreError> {
        let now = self.clock.now();
        let idle = idle_since(now);
        self.db
            .maintain(async |conn: &mut Conn<'_>| {
                execute!(conn, "delete from web_sessions where expires <= $1 or seen <= $2", now, idle)
            })
            .await
    }
}

/// Sessions last used at or before this moment have expired.
pub(super) const fn idle_since(now: Millis) -> Millis {
    Millis(now.0 - IDLE)
}

/// Ends every session of a person, including sign-ins in progress whose row is not inserted yet, and browsers in which
/// they are bringing in their own account. Returns how many rows were deleted.
pub async fn end_all_of(conn: &mut Conn<'_>, user: UserId) -> std::result::Result<u64, StoreError> {
    execute!(conn, "update users set session_epoch = session_epoch + 1 where id = $1", user)?;
    invites::revoke_own(conn, user).await?;
    execute!(conn, "delete from web_sessions where user_id = $1", user)
}

/// Ends the oldest sessions of a person beyond so many; returns how many that were.
pub async fn end_oldest_of(
    conn: &mut Conn<'_>,
    user: UserId,
    keep: u32,
) -> std::result::Result<u64, StoreError> {
    execute!(
        conn,
        "delete from web_sessions where user_id = $1 and id_hash not in
         (select id_hash from web_sessions where user_id = $1 order by created desc, id_hash limit $2)",
        user,
        i64::from(keep)
    )
}

#[async_trait]
impl SessionStore for WebSessions {
    async fn create(&self, record: &mut Record) -> Result<()> {
        let row = self.row(record)?;
        let inserted = self.db.maintain(async |conn: &mut Conn<'_>| row.insert(conn).await).await;
        match inserted {
            Err(error) if unique(&error).is_some() => {
                record.id = Id::default();
                let row = self.row(record)?;
                self.db.maintain(async |conn: &mut Conn<'_>| row.insert(conn).await).await
            }
            other => other,
        }
        .map_err(backend)
    }

    async fn save(&self, record: &Record) -> Result<()> {
        let row = self.row(record)?;
        self.db.maintain(async |conn: &mut Conn<'_>| row.save(conn).await).await.map_err(backend)
    }

    async fn load(&self, id: &Id) -> Result<Option<Record>> {
        let now = self.clock.now();
        let hash = self.hash(*id)?;
        let mut conn = self.db.read().await.map_err(backend)?;
        let row = first!(
            conn,
            (String, Millis, Millis, Millis),
            "select data, created, seen, expires from web_sessions
             where id_hash = $1 and expires > $2 and seen > $3 and created > $4",
            hash.as_str(),
            now,
            idle_since(now),
            Millis(now.0 - LIFE)
        )
        .map_err(backend)?;
        drop(conn);
        let Some((sealed, created, seen, expires)) = row else {
            return Ok(None);
        };
        let Some(data) = open(self.keys()?, &hash, created, &sealed) else {
            tracing::error!("a session was changed in the database; it counts for nothing");
            return Ok(None);
        };
        if self.uses && now.0 - seen.0 >= SEEN_EVERY {
            self.note_seen(&hash, now).await;
        }
        let data: HashMap<String, serde_json::Value> =
            serde_json::from_str(data.expose()).map_err(|_| Error::Decode("a session is not JSON".into()))?;
        let expiry_date = OffsetDateTime::from_unix_timestamp_nanos(i128::from(expires.0) * 1_000_000)
            .map_err(|error| Error::Decode(error.to_string()))?;
        Ok(Some(Record { id: *id, data, expiry_date }))
    }

    async fn delete(&self, id: &Id) -> Result<()> {
        let hash = self.hash(*id)?;
        self.db
            .maintain(async |conn: &mut Conn<'_>| {
                execute!(conn, "delete from web_sessions where id_hash = $1", hash.as_str())
            })
            .await
            .map(drop)
            .map_err(backend)
    }
}

impl WebSessions {
    fn keys(&self) -> Result<&Keys> {
        let keys =
            self.db.keys().ok_or_else(|| Error::Backend("the database was opened without keys".into()))?;
        Ok(keys)
    }

    /// What the table has of an id.
    fn hash(&self, id: Id) -> Result<String> {
        self.keys()?.session_hash(&id.to_string()).map_err(|error| Error::Backend(error.to_string()))
    }

    fn row<'a>(&'a self, record: &Record) -> Result<Row<'a>> {
        let user = record.data.get(USER_KEY).and_then(|id| id.as_str()).map(str::to_owned);
        let expires = i64::try_from(record.expiry_date.unix_timestamp_nanos() / 1_000_000)
            .map_err(|error| Error::Encode(error.to_string()))?;
        let data = serde_json::to_string(&record.data).map_err(|error| Error::Encode(error.to_string()))?;
        Ok(Row {
            keys: self.keys()?,
            id_hash: self.hash(record.id)?,
            user,
            data: Secret::new(data),
            now: self.clock.now(),
            expires: Millis(expires),
        })
    }

    /// Failing to store the last use does not fail the request.
    async fn note_seen(&self, hash: &str, now: Millis) {
        let noted = self
            .db
            .maintain(async |conn: &mut Conn<'_>| {
                let sql = "update web_sessions set seen = $2 where id_hash = $1 and seen <= $3";
                execute!(conn, sql, hash, now, Millis(now.0 - SEEN_EVERY))
            })
            .await;
        if let Err(error) = noted {
            tracing::warn!(%error, "a session's last use could not be stored");
        }
    }
}

/// Whether there is a row that Telescope did not write.
pub(super) async fn any_foreign(conn: &mut Conn<'_>, keys: &Keys) -> std::result::Result<bool, StoreError> {
    let rows = all!(conn, (String, String, Millis), "select id_hash, data, created from web_sessions")?;
    Ok(rows.iter().any(|(hash, sealed, created)| open(keys, hash, *created, sealed).is_none()))
}

/// Deletes every row that Telescope did not write, and returns whose sessions they claimed to be.
pub(super) async fn delete_foreign(
    conn: &mut Conn<'_>,
    keys: &Keys,
) -> std::result::Result<Vec<Option<String>>, StoreError> {
    let rows = all!(
        conn,
        (String, Option<String>, String, Millis),
        "select id_hash, user_id, data, created from web_sessions"
    )?;
    let mut foreign = Vec::new();
    for (hash, user, sealed, created) in rows {
        if open(keys, &hash, created, &sealed).is_none() {
            execute!(conn, "delete from web_sessions where id_hash = $1", hash.as_str())?;
            foreign.push(user);
        }
    }
    Ok(foreign)
}

/// Deletes every session, as when the key changes by which they are found.
pub(super) async fn delete_all(conn: &mut Conn<'_>) -> std::result::Result<(), StoreError> {
    execute!(conn, "delete from web_sessions").map(drop)
}

/// What a session holds; none if it was not sealed for this row. The beginning is part of the place, so that no change
/// of the row makes a session live longer.
fn open(keys: &Keys, hash: &str, created: Millis, sealed: &str) -> Option<Secret> {
    keys.open(&place(hash, created), &sealed.parse().ok()?).ok()
}

const fn place(hash: &str, created: Millis) -> SealContext<'_> {
    SealContext { purpose: Purpose::WebSession, row: hash, version: created.0 }
}

/// A row of the table.
struct Row<'a> {
    keys: &'a Keys,
    id_hash: String,
    user: Option<String>,
    data: Secret,
    now: Millis,
    expires: Millis,
}

impl Row<'_> {
    fn sealed(&self, created: Millis) -> std::result::Result<String, StoreError> {
        Ok(self.keys.seal(&place(&self.id_hash, created), &self.data)?.to_string())
    }

    async fn insert(&self, conn: &mut Conn<'_>) -> std::result::Result<(), StoreError> {
        execute!(
            conn,
            "insert into web_sessions (id_hash, user_id, data, created, seen, expires)
             values ($1, $2, $3, $4, $4, $5)",
            self.id_hash.as_str(),
            self.user.as_deref(),
            self.sealed(self.now)?,
            self.now,
            self.expires
        )?;
        Ok(())
    }

    /// Updates an existing row. A session that was ended meanwhile stays ended: a request that was in progress must not
    /// restore it.
    async fn save(&self, conn: &mut Conn<'_>) -> std::result::Result<(), StoreError> {
        let id_hash = self.id_hash.as_str();
        let row = first!(conn, (Millis,), "select created from web_sessions where id_hash = $1", id_hash)?;
        let Some((created,)) = row else { return Ok(()) };
        execute!(
            conn,
            "update web_sessions set user_id = $2, data = $3,
             expires = case when $4 < created + $5 then $4 else created + $5 end where id_hash = $1",
            id_hash,
            self.user.as_deref(),
            self.sealed(created)?,
            self.expires,
            LIFE
        )?;
        Ok(())
    }
}

fn backend(error: StoreError) -> Error {
    Error::Backend(error.to_string())
}
