//! Invites. An open one counts only if Telescope wrote the row: what was put in or changed with SQL reads as revoked.
//! What became of them is also in the audit log, so old rows are deleted.

use super::access_proof::AccessRow;
use super::conn::{all, execute, first, one};
use super::{Conn, StoreError};
use crate::domain::invite::{Invite, InviteKind, InviteState};
use crate::domain::{AccountId, Email, GroupId, InviteId, Millis, Phone, UserId};

#[derive(sqlx::FromRow)]
struct Row {
    id: InviteId,
    kind: InviteKind,
    creator: UserId,
    created_by: Email,
    person: Email,
    phone: Option<Phone>,
    comment: String,
    group_ids: String,
    created: Millis,
    hours: i64,
    expires: Millis,
    turn: i64,
    token_hash: String,
    state: InviteState,
    browser: Option<String>,
    account_id: Option<AccountId>,
    emailed: Option<Millis>,
    proof: Option<String>,
}

impl Row {
    /// The invite, and its proof.
    fn read(self) -> (Invite, Option<String>) {
        let Self { id, kind, creator, created_by, person, phone, comment, group_ids, .. } = self;
        let Self {
            created,
            hours,
            expires,
            turn,
            token_hash,
            state,
            browser,
            account_id: account,
            emailed,
            proof,
            ..
        } = self;
        let groups = group_ids.split(' ').filter_map(|group| group.parse::<GroupId>().ok()).collect();
        let invite = Invite {
            id,
            kind,
            creator,
            created_by,
            person,
            phone,
            comment,
            groups,
            created,
            hours,
            expires,
            turn,
            token_hash,
            state,
            browser,
            account,
            emailed,
        };
        (invite, proof)
    }
}

/// The invite that a row is. An open one that Telescope did not write is revoked.
fn genuine(conn: &Conn<'_>, row: Row) -> Invite {
    let (invite, proof) = row.read();
    if invite.state.is_open() && !conn.is_proven(AccessRow::Invite(&invite), proof.as_deref()) {
        return Invite { state: InviteState::Revoked, ..invite };
    }
    invite
}

/// `invites!(first, conn, "where …", value)`: invites with the creator's address.
macro_rules! invites {
    ($take:ident, $conn:expr, $tail:literal $(, $value:expr)* $(,)?) => {
        $take!(
            $conn,
            Row,
            concat!(
                "select invites.id, kind, creator, users.email as created_by, person, phone, comment, group_ids,
                 invites.created, hours, expires, turn, token_hash, state, browser, account_id, emailed, proof
                 from invites join users on users.id = creator ",
                $tail
            )
            $(, $value)*
        )
    };
}

pub async fn insert(conn: &mut Conn<'_>, invite: &Invite) -> Result<(), StoreError> {
    let proof = conn.prove(AccessRow::Invite(invite))?;
    execute!(
        conn,
        "insert into invites (id, kind, creator, person, phone, comment, group_ids, created, hours, expires, turn,
         token_hash, state, browser, account_id, proof)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
        invite.id,
        invite.kind,
        invite.creator,
        &invite.person,
        invite.phone.as_ref(),
        invite.comment.as_str(),
        listed(&invite.groups),
        invite.created,
        invite.hours,
        invite.expires,
        invite.turn,
        invite.token_hash.as_str(),
        invite.state,
        invite.browser.as_deref(),
        invite.account,
        proof.as_deref()
    )?;
    Ok(())
}

pub(super) fn listed(groups: &[GroupId]) -> String {
    groups.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

pub async fn get(conn: &mut Conn<'_>, id: InviteId) -> Result<Option<Invite>, StoreError> {
    let row = invites!(first, conn, "where invites.id = $1", id)?;
    Ok(row.map(|row| genuine(conn, row)))
}

/// The invite whose link has this hash now.
pub async fn by_token_hash(conn: &mut Conn<'_>, hash: &str) -> Result<Option<Invite>, StoreError> {
    let row = invites!(first, conn, "where token_hash = $1", hash)?;
    Ok(row.map(|row| genuine(conn, row)))
}

/// The newest invites of a creator, or of everyone.
pub async fn newest(
    conn: &mut Conn<'_>,
    creator: Option<UserId>,
    limit: u32,
) -> Result<Vec<Invite>, StoreError> {
    let limit = i64::from(limit);
    let rows = match creator {
        Some(creator) => invites!(
            all,
            conn,
            "where creator = $1 order by invites.created desc, invites.id desc limit $2",
            creator,
            limit
        )?,
        None => invites!(all, conn, "order by invites.created desc, invites.id desc limit $1", limit)?,
    };
    Ok(rows.into_iter().map(|row| genuine(conn, row)).collect())
}

/// The invites whose accounts can still be logged in with them, now or with a new link.
pub async fn with_account(conn: &mut Conn<'_>) -> Result<Vec<Invite>, StoreError> {
    let rows = invites!(
        all,
        conn,
        "where account_id is not null and (state = $1 or state = $2)",
        InviteState::LoggingIn,
        InviteState::Created
    )?;
    let invites = rows.into_iter().map(|row| genuine(conn, row));
    Ok(invites.filter(|invite| invite.state.is_open()).collect())
}

/// How many invites of this kind a person created at or after `since`.
pub async fn count_since(
    conn: &mut Conn<'_>,
    creator: UserId,
    kind: InviteKind,
    since: Millis,
) -> Result<i64, StoreError> {
    let (count,) = one!(
        conn,
        (i64,),
        "select count(*) from invites where creator = $1 and kind = $2 and created >= $3",
        creator,
        kind,
        since
    )?;
    Ok(count)
}

/// Revokes what a person has begun for their own account.
pub(super) async fn revoke_own(conn: &mut Conn<'_>, person: UserId) -> Result<(), StoreError> {
    execute!(
        conn,
        "update invites set state = $3 where creator = $1 and kind = $2 and (state = $4 or state = $5)",
        person,
        InviteKind::Own,
        InviteState::Revoked,
        InviteState::Opened,
        InviteState::LoggingIn
    )
    .map(drop)
}

/// Revokes the open invites for an account; returns for whom they were.
pub async fn revoke_for(conn: &mut Conn<'_>, account: AccountId) -> Result<Vec<Email>, StoreError> {
    let mut people = Vec::new();
    for invite in with_account(conn).await?.into_iter().filter(|invite| invite.account == Some(account)) {
        end(conn, invite.id).await?;
        people.push(invite.person);
    }
    Ok(people)
}

/// Writes what can change of an invite. [`StoreError::Missing`] if it is not there.
pub async fn save(conn: &mut Conn<'_>, invite: &Invite) -> Result<(), StoreError> {
    let proof = conn.prove(AccessRow::Invite(invite))?;
    let touched = execute!(
        conn,
        "update invites set expires = $2, turn = $3, token_hash = $4, state = $5, browser = $6, account_id = $7,
         emailed = $8, proof = $9 where id = $1",
        invite.id,
        invite.expires,
        invite.turn,
        invite.token_hash.as_str(),
        invite.state,
        invite.browser.as_deref(),
        invite.account,
        invite.emailed,
        proof.as_deref()
    )?;
    if touched == 0 { Err(StoreError::Missing) } else { Ok(()) }
}

/// Notes when the link was sent by e-mail, unless there is a newer one.
pub async fn set_emailed(conn: &mut Conn<'_>, id: InviteId, turn: i64, at: Millis) -> Result<(), StoreError> {
    execute!(conn, "update invites set emailed = $3 where id = $1 and turn = $2", id, turn, at).map(drop)
}

/// Deletes invites that expired before then.
pub async fn forget_before(conn: &mut Conn<'_>, then: Millis) -> Result<u64, StoreError> {
    execute!(conn, "delete from invites where expires < $1", then)
}

/// The open invites, and whether Telescope wrote each.
async fn open(conn: &mut Conn<'_>) -> Result<Vec<(Invite, bool)>, StoreError> {
    let rows = invites!(
        all,
        conn,
        "where state <> $1 and state <> $2 and state <> $3 order by invites.id",
        InviteState::Done,
        InviteState::Expired,
        InviteState::Revoked
    )?;
    let judged = rows.into_iter().map(|row| {
        let (invite, proof) = row.read();
        let is_ours = conn.is_proven(AccessRow::Invite(&invite), proof.as_deref());
        (invite, is_ours)
    });
    Ok(judged.collect())
}

/// Open invites that Telescope did not write so.
pub(super) async fn foreign(conn: &mut Conn<'_>) -> Result<Vec<Invite>, StoreError> {
    let open = open(conn).await?;
    Ok(open.into_iter().filter(|(_, is_ours)| !is_ours).map(|(invite, _)| invite).collect())
}

/// Revokes such an invite.
pub(super) async fn end(conn: &mut Conn<'_>, id: InviteId) -> Result<(), StoreError> {
    execute!(conn, "update invites set state = $2 where id = $1", id, InviteState::Revoked).map(drop)
}

/// Proves with the present key what the former key proves.
pub(super) async fn prove_again(conn: &mut Conn<'_>) -> Result<(), StoreError> {
    for (invite, is_ours) in open(conn).await? {
        if is_ours {
            save(conn, &invite).await?;
        }
    }
    Ok(())
}
