//! Proxies for connections to Telegram, and for which accounts they are selected. How a proxy is reached is sealed as a
//! whole, with a version that grows with each change.

mod choices;

use serde::{Deserialize, Serialize};

use super::access_proof::AccessRow;
use super::conn::{all, execute, first};
use super::{Conn, StoreError, secrets};
use crate::crypto::{Keys, Purpose};
use crate::domain::proxy::{KnownProxy, ProxySelection};
use crate::domain::{Millis, ProxyConfig, ProxyId, ProxyKind, Secret, name};
pub use choices::{choice, choices, clear, select, uses};
pub(super) use choices::{put_proof, remove, stored};

/// What is sealed.
#[derive(Serialize)]
struct Stored<'a> {
    kind: ProxyKind,
    host: &'a str,
    port: u16,
    username: &'a str,
    secret: &'a str,
}

/// The same, read.
#[derive(Deserialize)]
struct Opened {
    kind: ProxyKind,
    host: String,
    port: u16,
    username: String,
    secret: Secret,
}

/// A row: id, name, whether it is the default, and the proof of that.
type Row = (ProxyId, String, bool, Option<String>);

/// Adds a proxy. If the name is taken, [`unique`](super::unique) returns `proxies.name_folded`.
pub async fn insert(
    conn: &mut Conn<'_>,
    keys: &Keys,
    (id, name): (ProxyId, &str),
    config: &ProxyConfig,
    now: Millis,
) -> Result<(), StoreError> {
    execute!(
        conn,
        "insert into proxies (id, name, name_folded, is_default, created) values ($1, $2, $3, $4, $5)",
        id,
        name,
        name::fold(name),
        false,
        now
    )?;
    seal(conn, keys, id, config, now).await
}

/// Changes a proxy. [`StoreError::Missing`] if there is no such proxy.
pub async fn update(
    conn: &mut Conn<'_>,
    keys: &Keys,
    (id, name): (ProxyId, &str),
    config: &ProxyConfig,
    now: Millis,
) -> Result<(), StoreError> {
    let touched = execute!(
        conn,
        "update proxies set name = $2, name_folded = $3 where id = $1",
        id,
        name,
        name::fold(name)
    )?;
    if touched == 0 {
        return Err(StoreError::Missing);
    }
    seal(conn, keys, id, config, now).await
}

async fn seal(
    conn: &mut Conn<'_>,
    keys: &Keys,
    id: ProxyId,
    config: &ProxyConfig,
    now: Millis,
) -> Result<(), StoreError> {
    let stored = Stored {
        kind: config.kind,
        host: &config.host,
        port: config.port,
        username: &config.username,
        secret: config.secret.expose(),
    };
    let json = serde_json::to_string(&stored).map_err(|error| corrupt(&error))?;
    secrets::put(conn, keys, Purpose::Proxy, &id.to_string(), &Secret::new(json), now).await.map(drop)
}

fn corrupt(error: &serde_json::Error) -> StoreError {
    StoreError::Corrupt(format!("a proxy, at column {}", error.column()))
}

/// Deletes a proxy and what it was selected for.
pub async fn delete(conn: &mut Conn<'_>, id: ProxyId) -> Result<(), StoreError> {
    let touched = execute!(conn, "delete from proxies where id = $1", id)?;
    if touched == 0 {
        return Err(StoreError::Missing);
    }
    secrets::delete(conn, Purpose::Proxy, &id.to_string()).await.map(drop)
}

/// Every proxy, by name. One that can't be opened has no configuration.
pub async fn all(conn: &mut Conn<'_>, keys: &Keys) -> Result<Vec<KnownProxy>, StoreError> {
    let sql = "select id, name, is_default, default_proof from proxies order by name_folded";
    let rows = all!(conn, Row, sql)?;
    let mut proxies = Vec::with_capacity(rows.len());
    for row in rows {
        proxies.push(opened(conn, keys, row).await?);
    }
    Ok(proxies)
}

pub async fn get(conn: &mut Conn<'_>, keys: &Keys, id: ProxyId) -> Result<Option<KnownProxy>, StoreError> {
    let sql = "select id, name, is_default, default_proof from proxies where id = $1";
    match first!(conn, Row, sql, id)? {
        Some(row) => opened(conn, keys, row).await.map(Some),
        None => Ok(None),
    }
}

async fn opened(
    conn: &mut Conn<'_>,
    keys: &Keys,
    (id, name, is_default, proof): Row,
) -> Result<KnownProxy, StoreError> {
    let chosen = AccessRow::Proxy(ProxySelection::Default(id));
    let is_default = is_default && conn.is_proven(chosen, proof.as_deref());
    let row = id.to_string();
    let version = secrets::fact(conn, Purpose::Proxy, &row).await?.map_or(0, |fact| fact.version);
    let config = match secrets::get(conn, keys, Purpose::Proxy, &row).await {
        Ok(sealed) => sealed.and_then(|(_, text)| config(&text)),
        Err(StoreError::Corrupt(error)) => {
            tracing::warn!(proxy = %id, %error, "a proxy can't be used");
            None
        }
        Err(error) => return Err(error),
    };
    Ok(KnownProxy { id, name, is_default, version, config })
}

fn config(text: &Secret) -> Option<ProxyConfig> {
    let Opened { kind, host, port, username, secret } = serde_json::from_str(text.expose()).ok()?;
    Some(ProxyConfig { kind, host, port, username, secret })
}
