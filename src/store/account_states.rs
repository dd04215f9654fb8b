//! What was last known of each account, for the time when its client does not run.

use super::conn::{all, execute, one};
use super::{Conn, StoreError};
use crate::domain::account::{Known, Profile};
use crate::domain::{AccountId, Millis, SessionEndReason, Stage};

#[derive(sqlx::FromRow)]
struct Row {
    account_id: AccountId,
    stage: String,
    ending: Option<SessionEndReason>,
    telegram_id: Option<i64>,
    name: Option<String>,
    username: Option<String>,
}

/// Notes what is known now. An account that is not there any more is passed over.
pub async fn put(
    conn: &mut Conn<'_>,
    account: AccountId,
    known: &Known,
    at: Millis,
) -> Result<(), StoreError> {
    let profile = known.profile.as_ref();
    execute!(
        conn,
        "insert into account_states (account_id, stage, ending, telegram_id, name, username, updated)
         select id, $2, $3, $4, $5, $6, $7 from accounts where id = $1
         on conflict (account_id) do update set stage = excluded.stage, ending = excluded.ending,
         telegram_id = excluded.telegram_id, name = excluded.name, username = excluded.username,
         updated = excluded.updated",
        account,
        known.stage.as_str(),
        known.ending,
        profile.map(|profile| profile.telegram_id),
        profile.map(|profile| profile.name.as_str()),
        profile.and_then(|profile| profile.username.as_deref()),
        at
    )?;
    Ok(())
}

/// What is known of every account that is not removed.
pub async fn all(conn: &mut Conn<'_>) -> Result<Vec<(AccountId, Known)>, StoreError> {
    let rows = all!(
        conn,
        Row,
        "select account_id, stage, ending, telegram_id, name, username from account_states
         join accounts on accounts.id = account_id where removed_at is null"
    )?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let profile = row.telegram_id.zip(row.name).map(|(telegram_id, name)| Profile {
                telegram_id,
                name,
                username: row.username,
            });
            (row.account_id, Known { stage: row.stage, ending: row.ending, profile })
        })
        .collect())
}

/// Whether the account was ever logged in, as far as is known.
pub async fn has_had_session(conn: &mut Conn<'_>, account: AccountId) -> Result<bool, StoreError> {
    let (count,) = one!(
        conn,
        (i64,),
        "select count(*) from account_states where account_id = $1
         and (telegram_id is not null or stage = $2 or ending <> $3)",
        account,
        Stage::Ready.name(),
        SessionEndReason::LoggedOut
    )?;
    Ok(count > 0)
}

/// Forgets an account.
pub async fn remove(conn: &mut Conn<'_>, account: AccountId) -> Result<(), StoreError> {
    execute!(conn, "delete from account_states where account_id = $1", account)?;
    Ok(())
}
