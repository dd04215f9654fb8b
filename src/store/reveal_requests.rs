//! Requests to see a secret, one row each, so that they survive a restart. Decisions are also in the audit log, so old
//! rows are deleted.
//!
//! An open request and an approval count only if Telescope wrote the row, and an approval only with the audit entry that
//! recorded it. What was put in with SQL reads as expired.

mod spending;
mod upkeep;

use super::access_proof::AccessRow;
use super::audit;
use super::conn::{all, execute, first};
use super::{Conn, StoreError};
use crate::domain::reveal::{APPROVAL_LIFE, RequestState, RevealKind, RevealRequest};
use crate::domain::{AccountId, Email, Identifier, Millis, RevealId, UserId};

pub use spending::{give_back, spend};
pub use upkeep::{any_before, forget_before};
pub(super) use upkeep::{expire_open, foreign};

#[derive(sqlx::FromRow)]
struct Row {
    id: RevealId,
    account_id: AccountId,
    identifier: Identifier,
    kind: RevealKind,
    requester: UserId,
    person: Email,
    reason: String,
    created: Millis,
    expires: Millis,
    state: RequestState,
    decided_by: Option<UserId>,
    decider: Option<Email>,
    decided_at: Option<Millis>,
    note: Option<String>,
    entry: Option<i64>,
    proof: Option<String>,
}

impl From<Row> for RevealRequest {
    fn from(row: Row) -> Self {
        let Row { id, account_id, identifier, kind, requester, person, reason, created, expires, .. } = row;
        let Row { state, decided_by, decider, decided_at, note, .. } = row;
        let decided_by = decided_by.zip(decider);
        let account = account_id;
        Self {
            id,
            account,
            identifier,
            kind,
            requester,
            person,
            reason,
            created,
            expires,
            state,
            decided_by,
            decided_at,
            note,
        }
    }
}

/// `requests!(first, conn, "where …", value)`: requests with the people's addresses and the account's number.
macro_rules! requests {
    ($take:ident, $conn:expr, $tail:literal $(, $value:expr)* $(,)?) => {
        $take!(
            $conn,
            Row,
            concat!(
                "select reveal_requests.id, account_id, accounts.phone as identifier, kind, requester, asking.email as person,
                 reason, reveal_requests.created, expires, state, decided_by, deciding.email as decider,
                 decided_at, note, entry, proof
                 from reveal_requests join accounts on accounts.id = account_id
                 join users asking on asking.id = requester
                 left join users deciding on deciding.id = decided_by ",
                $tail
            )
            $(, $value)*
        )
    };
}
use requests;

/// The request that a row is. One that Telescope did not leave open is over.
async fn genuine(conn: &mut Conn<'_>, row: Row) -> Result<RevealRequest, StoreError> {
    let (entry, proof) = (row.entry, row.proof.clone());
    let request = RevealRequest::from(row);
    let holds = match request.state {
        RequestState::Used
        | RequestState::Refused
        | RequestState::Expired
        | RequestState::Withdrawn
        | RequestState::Voided => return Ok(request),
        RequestState::Waiting => conn.is_proven(AccessRow::Request(&request, None), proof.as_deref()),
        RequestState::Approved => {
            conn.is_proven(AccessRow::Request(&request, entry), proof.as_deref())
                && is_recorded(conn, &request, entry).await?
        }
    };
    Ok(if holds { request } else { RevealRequest { state: RequestState::Expired, ..request } })
}

/// Whether the audit log has the approval, and not that the secret was shown after it.
async fn is_recorded(
    conn: &mut Conn<'_>,
    request: &RevealRequest,
    entry: Option<i64>,
) -> Result<bool, StoreError> {
    if conn.keys.is_none() {
        return Ok(true);
    }
    let (Some(seq), Some((_, decider))) = (entry, &request.decided_by) else { return Ok(false) };
    if !audit::records_approval(conn, seq, request.account, decider).await? {
        return Ok(false);
    }
    Ok(!audit::was_used_after(conn, seq, request.kind, request.account, &request.person).await?)
}

async fn all_genuine(conn: &mut Conn<'_>, rows: Vec<Row>) -> Result<Vec<RevealRequest>, StoreError> {
    let mut requests = Vec::with_capacity(rows.len());
    for row in rows {
        requests.push(genuine(conn, row).await?);
    }
    Ok(requests)
}

/// Adds a waiting request.
pub async fn insert(conn: &mut Conn<'_>, request: &RevealRequest) -> Result<(), StoreError> {
    let proof = conn.prove(AccessRow::Request(request, None))?;
    execute!(
        conn,
        "insert into reveal_requests (id, account_id, kind, requester, reason, created, expires, state, proof)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        request.id,
        request.account,
        request.kind,
        request.requester,
        request.reason.as_str(),
        request.created,
        request.expires,
        RequestState::Waiting,
        proof.as_deref()
    )?;
    Ok(())
}

pub async fn get(conn: &mut Conn<'_>, id: RevealId) -> Result<Option<RevealRequest>, StoreError> {
    match requests!(first, conn, "where reveal_requests.id = $1", id)? {
        Some(row) => genuine(conn, row).await.map(Some),
        None => Ok(None),
    }
}

/// A person's last request of this kind for an account.
pub async fn newest(
    conn: &mut Conn<'_>,
    account: AccountId,
    kind: RevealKind,
    requester: UserId,
) -> Result<Option<RevealRequest>, StoreError> {
    let row = requests!(
        first,
        conn,
        "where account_id = $1 and kind = $2 and requester = $3
         order by reveal_requests.created desc, reveal_requests.id desc limit 1",
        account,
        kind,
        requester
    )?;
    match row {
        Some(row) => genuine(conn, row).await.map(Some),
        None => Ok(None),
    }
}

/// The newest requests made at or after `from`, the newest first.
pub async fn since(conn: &mut Conn<'_>, from: Millis, limit: u32) -> Result<Vec<RevealRequest>, StoreError> {
    let rows = requests!(
        all,
        conn,
        "where reveal_requests.created >= $1
         order by reveal_requests.created desc, reveal_requests.id desc limit $2",
        from,
        i64::from(limit)
    )?;
    all_genuine(conn, rows).await
}

/// Notes the decision and the audit entry that records it. False if it was decided before, or has expired: then nothing
/// is noted.
pub async fn decide(
    conn: &mut Conn<'_>,
    id: RevealId,
    state: RequestState,
    by: UserId,
    now: Millis,
    note: Option<&str>,
    entry: i64,
) -> Result<bool, StoreError> {
    let Some(request) = get(conn, id).await?.filter(|it| it.state == RequestState::Waiting) else {
        return Ok(false);
    };
    // The time to use an approval begins with it.
    let expires = match state {
        RequestState::Approved => now.plus_seconds(APPROVAL_LIFE),
        _ => request.expires,
    };
    let decided_by = super::users::by_id(conn, by).await?.map(|user| (by, user.email));
    let note_kept = note.map(str::to_owned);
    let decided =
        RevealRequest { state, expires, decided_by, decided_at: Some(now), note: note_kept, ..request };
    let proof = conn.prove(AccessRow::Request(&decided, Some(entry)))?;
    let touched = execute!(
        conn,
        "update reveal_requests set state = $2, decided_by = $3, decided_at = $4, note = $5, entry = $7, proof = $8,
         expires = $9
         where id = $1 and state = $6 and expires > $4 and requester <> $3",
        id,
        state,
        by,
        now,
        note,
        RequestState::Waiting,
        entry,
        proof.as_deref(),
        expires
    )?;
    Ok(touched > 0)
}

/// Open requests that have expired, the oldest first.
pub async fn overdue(conn: &mut Conn<'_>, now: Millis) -> Result<Vec<RevealRequest>, StoreError> {
    let rows = requests!(
        all,
        conn,
        "where (state = $1 or state = $2) and expires <= $3 order by expires, reveal_requests.id",
        RequestState::Waiting,
        RequestState::Approved,
        now
    )?;
    Ok(rows.into_iter().map(RevealRequest::from).collect())
}

/// Approvals that can still be used.
pub async fn approved(conn: &mut Conn<'_>, now: Millis) -> Result<Vec<RevealRequest>, StoreError> {
    let rows = requests!(
        all,
        conn,
        "where state = $1 and expires > $2 order by expires, reveal_requests.id",
        RequestState::Approved,
        now
    )?;
    all_genuine(conn, rows).await
}

/// What the people whose requests wait have requested since then, the newest first.
pub async fn of_waiting_people(
    conn: &mut Conn<'_>,
    from: Millis,
    limit: u32,
) -> Result<Vec<RevealRequest>, StoreError> {
    let rows = requests!(
        all,
        conn,
        "where reveal_requests.created >= $1
         and requester in (select waiting.requester from reveal_requests waiting where waiting.state = $2)
         order by reveal_requests.created desc, reveal_requests.id desc limit $3",
        from,
        RequestState::Waiting,
        i64::from(limit)
    )?;
    all_genuine(conn, rows).await
}

/// Ends a request of which something could still become: it expired, was withdrawn or voided. False if it had ended.
pub async fn end(conn: &mut Conn<'_>, id: RevealId, state: RequestState) -> Result<bool, StoreError> {
    let touched = execute!(
        conn,
        "update reveal_requests set state = $2 where id = $1 and (state = $3 or state = $4)",
        id,
        state,
        RequestState::Waiting,
        RequestState::Approved
    )?;
    Ok(touched > 0)
}
