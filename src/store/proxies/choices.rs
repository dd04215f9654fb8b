//! For which accounts and groups proxies are selected. A choice counts with its proof only, so that accounts can't be made
//! to connect another way with SQL.

use crate::domain::proxy::{ProxyChoice, ProxyChoices, ProxyScope};
use crate::domain::{AccountId, GroupId, ProxyId};
use crate::store::access_proof::AccessRow;
use crate::store::conn::{all, execute, one};
use crate::store::{Conn, StoreError};

/// A choice as it is stored.
#[derive(Debug)]
pub(in crate::store) struct StoredChoice {
    pub scope: ProxyScope,
    pub choice: ProxyChoice,
    pub proof: Option<String>,
}

/// All choices, also those that Telescope did not make.
pub(in crate::store) async fn stored(conn: &mut Conn<'_>) -> Result<Vec<StoredChoice>, StoreError> {
    let choice = |proxy: Option<ProxyId>| proxy.map_or(ProxyChoice::Direct, ProxyChoice::Proxy);
    let of_accounts = all!(
        conn,
        (AccountId, Option<ProxyId>, Option<String>),
        "select account_id, proxy_id, proof from account_proxies
         join accounts on accounts.id = account_id where removed_at is null"
    )?;
    let of_groups = all!(
        conn,
        (GroupId, Option<ProxyId>, Option<String>),
        "select group_id, proxy_id, proof from group_proxies"
    )?;
    let defaults = all!(
        conn,
        (ProxyId, Option<String>),
        "select id, default_proof from proxies where is_default = true"
    )?;
    let of_accounts = of_accounts.into_iter().map(|(id, proxy, proof)| StoredChoice {
        scope: ProxyScope::Account(id),
        choice: choice(proxy),
        proof,
    });
    let of_groups = of_groups.into_iter().map(|(id, proxy, proof)| StoredChoice {
        scope: ProxyScope::Group(id),
        choice: choice(proxy),
        proof,
    });
    let defaults = defaults.into_iter().map(|(id, proof)| StoredChoice {
        scope: ProxyScope::Default,
        choice: ProxyChoice::Proxy(id),
        proof,
    });
    Ok(of_accounts.chain(of_groups).chain(defaults).collect())
}

/// Everything that was selected.
pub async fn choices(conn: &mut Conn<'_>) -> Result<ProxyChoices, StoreError> {
    let mut choices = ProxyChoices::default();
    for StoredChoice { scope, choice, proof } in stored(conn).await? {
        if !conn.is_proven(AccessRow::Proxy(scope, choice), proof.as_deref()) {
            continue;
        }
        match (scope, choice) {
            (ProxyScope::Account(id), choice) => drop(choices.accounts.insert(id, choice)),
            (ProxyScope::Group(id), choice) => drop(choices.groups.insert(id, choice)),
            (ProxyScope::Default, ProxyChoice::Proxy(id)) => choices.default = Some(id),
            (ProxyScope::Default, ProxyChoice::Direct) => {}
        }
    }
    Ok(choices)
}

/// Selects what accounts use; none leaves it to what counts otherwise. [`StoreError::Missing`] if there is no such proxy to
/// be the default.
pub async fn select(
    conn: &mut Conn<'_>,
    scope: ProxyScope,
    choice: Option<ProxyChoice>,
) -> Result<(), StoreError> {
    clear(conn, scope).await?;
    let Some(choice) = choice else { return Ok(()) };
    let proof = conn.prove(AccessRow::Proxy(scope, choice))?;
    let (proxy, proof) = (proxy_of(choice), proof.as_deref());
    match (scope, proxy) {
        (ProxyScope::Account(id), proxy) => execute!(
            conn,
            "insert into account_proxies (account_id, proxy_id, proof) values ($1, $2, $3)",
            id,
            proxy,
            proof
        )
        .map(drop),
        (ProxyScope::Group(id), proxy) => execute!(
            conn,
            "insert into group_proxies (group_id, proxy_id, proof) values ($1, $2, $3)",
            id,
            proxy,
            proof
        )
        .map(drop),
        (ProxyScope::Default, Some(id)) => {
            let sql = "update proxies set is_default = true, default_proof = $2 where id = $1";
            let touched = execute!(conn, sql, id, proof)?;
            if touched == 0 { Err(StoreError::Missing) } else { Ok(()) }
        }
        (ProxyScope::Default, None) => Ok(()),
    }
}

async fn clear(conn: &mut Conn<'_>, scope: ProxyScope) -> Result<(), StoreError> {
    match scope {
        ProxyScope::Account(id) => execute!(conn, "delete from account_proxies where account_id = $1", id),
        ProxyScope::Group(id) => execute!(conn, "delete from group_proxies where group_id = $1", id),
        ProxyScope::Default => execute!(
            conn,
            "update proxies set is_default = false, default_proof = null where is_default = true"
        ),
    }
    .map(drop)
}

/// Removes a choice that Telescope did not make.
pub(in crate::store) async fn remove(
    conn: &mut Conn<'_>,
    scope: ProxyScope,
    choice: ProxyChoice,
) -> Result<(), StoreError> {
    match (scope, choice) {
        (ProxyScope::Account(_) | ProxyScope::Group(_), _) | (_, ProxyChoice::Direct) => {
            clear(conn, scope).await
        }
        // Another proxy may be the one that was selected.
        (ProxyScope::Default, ProxyChoice::Proxy(id)) => {
            execute!(conn, "update proxies set is_default = false, default_proof = null where id = $1", id)
                .map(drop)
        }
    }
}

/// Stores the proof of a choice that is there.
pub(in crate::store) async fn put_proof(
    conn: &mut Conn<'_>,
    scope: ProxyScope,
    choice: ProxyChoice,
) -> Result<(), StoreError> {
    let proof = conn.prove(AccessRow::Proxy(scope, choice))?;
    let proof = proof.as_deref();
    match scope {
        ProxyScope::Account(id) => {
            execute!(conn, "update account_proxies set proof = $2 where account_id = $1", id, proof)
        }
        ProxyScope::Group(id) => {
            execute!(conn, "update group_proxies set proof = $2 where group_id = $1", id, proof)
        }
        ProxyScope::Default => {
            let proxy = proxy_of(choice);
            execute!(conn, "update proxies set default_proof = $2 where id = $1", proxy, proof)
        }
    }
    .map(drop)
}

const fn proxy_of(choice: ProxyChoice) -> Option<ProxyId> {
    match choice {
        ProxyChoice::Direct => None,
        ProxyChoice::Proxy(id) => Some(id),
    }
}

/// For how many accounts and groups a proxy is selected.
pub async fn uses(conn: &mut Conn<'_>, id: ProxyId) -> Result<(usize, usize), StoreError> {
    let (accounts,) = one!(
        conn,
        (i64,),
        "select count(*) from account_proxies join accounts on accounts.id = account_id
         where proxy_id = $1 and removed_at is null",
        id
    )?;
    let (groups,) = one!(conn, (i64,), "select count(*) from group_proxies where proxy_id = $1", id)?;
    let count = |number: i64| usize::try_from(number).unwrap_or_default();
    Ok((count(accounts), count(groups)))
}
