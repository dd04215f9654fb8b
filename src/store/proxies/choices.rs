//! For which accounts and groups proxies are selected. A selection counts with its proof only, so that accounts can't be made
//! to connect another way with SQL.

use crate::domain::proxy::{ProxyChoice, ProxyChoices, ProxyScope, ProxySelection};
use crate::domain::{AccountId, GroupId, ProxyId};
use crate::store::access_proof::AccessRow;
use crate::store::conn::{all, execute, first, one};
use crate::store::{Conn, StoreError};

/// A selection with its proof.
type Stored = (ProxySelection, Option<String>);

/// All selections, also those that Telescope did not make.
pub(in crate::store) async fn stored(conn: &mut Conn<'_>) -> Result<Vec<Stored>, StoreError> {
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
    let of_accounts = of_accounts
        .into_iter()
        .map(|(id, proxy, proof)| (ProxySelection::Account(id, choice_of(proxy)), proof));
    let of_groups =
        of_groups.into_iter().map(|(id, proxy, proof)| (ProxySelection::Group(id, choice_of(proxy)), proof));
    let defaults = defaults.into_iter().map(|(id, proof)| (ProxySelection::Default(id), proof));
    Ok(of_accounts.chain(of_groups).chain(defaults).collect())
}

fn choice_of(proxy: Option<ProxyId>) -> ProxyChoice {
    proxy.map_or(ProxyChoice::Direct, ProxyChoice::Proxy)
}

const fn proxy_of(choice: ProxyChoice) -> Option<ProxyId> {
    match choice {
        ProxyChoice::Direct => None,
        ProxyChoice::Proxy(id) => Some(id),
    }
}

/// Everything that was selected.
pub async fn choices(conn: &mut Conn<'_>) -> Result<ProxyChoices, StoreError> {
    let mut choices = ProxyChoices::default();
    for (selection, proof) in stored(conn).await? {
        if !conn.is_proven(AccessRow::Proxy(selection), proof.as_deref()) {
            continue;
        }
        match selection {
            ProxySelection::Account(id, choice) => drop(choices.accounts.insert(id, choice)),
            ProxySelection::Group(id, choice) => drop(choices.groups.insert(id, choice)),
            ProxySelection::Default(id) => choices.default = Some(id),
        }
    }
    Ok(choices)
}

/// What is selected for an account or a group, or as the default.
pub async fn choice(conn: &mut Conn<'_>, scope: ProxyScope) -> Result<Option<ProxyChoice>, StoreError> {
    let found: Vec<Stored> = match scope {
        ProxyScope::Account(id) => {
            let sql = "select proxy_id, proof from account_proxies where account_id = $1";
            let row = first!(conn, (Option<ProxyId>, Option<String>), sql, id)?;
            row.map(|(proxy, proof)| (ProxySelection::Account(id, choice_of(proxy)), proof))
                .into_iter()
                .collect()
        }
        ProxyScope::Group(id) => {
            let sql = "select proxy_id, proof from group_proxies where group_id = $1";
            let row = first!(conn, (Option<ProxyId>, Option<String>), sql, id)?;
            row.map(|(proxy, proof)| (ProxySelection::Group(id, choice_of(proxy)), proof))
                .into_iter()
                .collect()
        }
        // Rows that Telescope did not write may be among them.
        ProxyScope::Default => {
            let sql = "select id, default_proof from proxies where is_default = true";
            let rows = all!(conn, (ProxyId, Option<String>), sql)?;
            rows.into_iter().map(|(id, proof)| (ProxySelection::Default(id), proof)).collect()
        }
    };
    let proven = |(selection, proof): &Stored| conn.is_proven(AccessRow::Proxy(*selection), proof.as_deref());
    Ok(found.iter().find(|stored| proven(stored)).map(|(selection, _)| selection.choice()))
}

/// Selects what accounts use. [`StoreError::Missing`] if there is no such proxy to be the default.
pub async fn select(conn: &mut Conn<'_>, selection: ProxySelection) -> Result<(), StoreError> {
    clear(conn, selection.scope()).await?;
    let proof = conn.prove(AccessRow::Proxy(selection))?;
    let proof = proof.as_deref();
    let touched = match selection {
        ProxySelection::Account(id, choice) => execute!(
            conn,
            "insert into account_proxies (account_id, proxy_id, proof) values ($1, $2, $3)",
            id,
            proxy_of(choice),
            proof
        )?,
        ProxySelection::Group(id, choice) => execute!(
            conn,
            "insert into group_proxies (group_id, proxy_id, proof) values ($1, $2, $3)",
            id,
            proxy_of(choice),
            proof
        )?,
        ProxySelection::Default(id) => execute!(
            conn,
            "update proxies set is_default = true, default_proof = $2 where id = $1",
            id,
            proof
        )?,
    };
    if touched == 0 { Err(StoreError::Missing) } else { Ok(()) }
}

/// Selects nothing: an account's groups or the default decide, or the setting.
pub async fn clear(conn: &mut Conn<'_>, scope: ProxyScope) -> Result<(), StoreError> {
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

/// Removes a selection that Telescope did not make.
pub(in crate::store) async fn remove(
    conn: &mut Conn<'_>,
    selection: ProxySelection,
) -> Result<(), StoreError> {
    match selection {
        ProxySelection::Account(..) | ProxySelection::Group(..) => clear(conn, selection.scope()).await,
        // Another proxy may be the one that was selected.
        ProxySelection::Default(id) => {
            execute!(conn, "update proxies set is_default = false, default_proof = null where id = $1", id)
                .map(drop)
        }
    }
}

/// Stores the proof of a selection that is there.
pub(in crate::store) async fn put_proof(
    conn: &mut Conn<'_>,
    selection: ProxySelection,
) -> Result<(), StoreError> {
    let proof = conn.prove(AccessRow::Proxy(selection))?;
    let proof = proof.as_deref();
    match selection {
        ProxySelection::Account(id, _) => {
            execute!(conn, "update account_proxies set proof = $2 where account_id = $1", id, proof)
        }
        ProxySelection::Group(id, _) => {
            execute!(conn, "update group_proxies set proof = $2 where group_id = $1", id, proof)
        }
        ProxySelection::Default(id) => {
            execute!(conn, "update proxies set default_proof = $2 where id = $1", id, proof)
        }
    }
    .map(drop)
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
