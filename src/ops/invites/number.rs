//! The number of the account that an invite brings in. With it the account is added, as its creator decided.

use super::authority::is_still_allowed;
use super::{Begun, denied, is_current};
use crate::domain::access::{Principal, decide};
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::domain::error::ErrorCode;
use crate::domain::invite::{Invite, InviteDenied, InviteState};
use crate::domain::privilege::can;
use crate::domain::{Account, AccountId, DesiredState, GroupId, Phone};
use crate::live::events::Change;
use crate::ops::accounts::{connect, number, random_name, taken};
use crate::ops::{App, OpError, policy};
use crate::store::{self, Conn, Written};

/// Takes the number: adds the account, or corrects the number of one that was never logged in. A number that is fixed in
/// advance can't be replaced.
pub async fn give_number(app: &App, begun: &Begun, typed: Option<Phone>) -> Result<(), OpError> {
    let Begun { invite, principal } = begun;
    let phone = match (&invite.phone, typed) {
        (Some(fixed), _) => fixed.clone(),
        (None, Some(phone)) => phone,
        (None, None) => return Err(OpError::invalid("phone", ErrorCode::PhoneMissing)),
    };
    taken::check_invites(app, invite)?;
    let given = match invite.account {
        None => add(app, begun, phone).await,
        Some(_) if invite.phone.is_some() => Err(OpError::Refused(ErrorCode::FormStale)),
        Some(account) => correct(app, principal, account, phone).await,
    };
    if let Err(OpError::Invalid { code: ErrorCode::InviteNumberTaken, .. }) = &given {
        taken::count_invites(app, invite);
    }
    given
}

async fn add(app: &App, begun: &Begun, phone: Phone) -> Result<(), OpError> {
    let Begun { invite, principal } = begun;
    taken::check_limit(app, principal)?;
    let now = app.clock.now();
    let account = Account {
        id: AccountId::generate(),
        identifier: phone.into(),
        owner: Some(invite.person.clone()),
        comment: invite.comment.clone(),
        groups: invite.groups.clone(),
        wanted: DesiredState::Connected,
        folder: random_name()?,
        created: now,
    };
    let event = AuditEvent::AccountAdded { phone: account.identifier.clone(), owner: account.owner.clone() };
    let entry = AuditEntry::done(now, principal, event).about(account.id);
    let added = app.write_with(async |tx| insert(app, tx, begun, &account, &entry).await).await;
    let account = match added {
        Ok(account) => account,
        Err(OpError::Invalid { field: "phone", .. }) => {
            // Those who can see the account that has the number learn of it; this person does not.
            let _ = taken::refusal(app, principal, &account.identifier, entry);
            let refusal = OpError::invalid("phone", ErrorCode::InviteNumberTaken);
            return Err(taken::count(app, principal, refusal));
        }
        Err(error) => return Err(error),
    };
    tracing::info!(account = %account.id, invite = %invite.id, "account added with an invite");
    app.live.accounts.put_account(account.clone());
    policy::refresh_after_change(app).await;
    app.live.events.publish(Change::Invites);
    connect::start(app, &account)
}

async fn insert(
    app: &App,
    tx: &mut store::Tx<'_>,
    begun: &Begun,
    account: &Account,
    entry: &AuditEntry,
) -> Result<Written<Account>, OpError> {
    let seen = &begun.invite;
    let invite = store::invites::get(tx, seen.id).await?.ok_or_else(|| denied(InviteDenied::Unknown))?;
    if invite.state != InviteState::Opened || !is_current(&invite, seen) {
        return Err(OpError::Refused(ErrorCode::FormStale));
    }
    if !is_still_allowed(app, tx, &invite).await? {
        return Err(denied(InviteDenied::CreatorLostAccess));
    }
    let groups = existing(tx, &account.groups).await?;
    let ids = groups.iter().map(|(id, _)| *id).collect();
    let account = Account { groups: ids, ..account.clone() };
    if let Err(error) = store::accounts::insert(tx, &account).await {
        return Err(match store::unique(&error) {
            Some(_) => OpError::invalid("phone", ErrorCode::InviteNumberTaken),
            None => error.into(),
        });
    }
    let signing_in = Invite { state: InviteState::LoggingIn, account: Some(account.id), ..invite };
    store::invites::save(tx, &signing_in).await?;
    let mut recorded = tx.record(entry).await?;
    for (_, group) in groups {
        let event = AuditEvent::AccountJoinedGroup { group };
        recorded = tx.record(&AuditEntry { event, ..entry.clone() }).await?;
    }
    Ok(recorded.with(account))
}

/// Those of the groups that were not deleted meanwhile, with their names.
async fn existing(conn: &mut Conn<'_>, groups: &[GroupId]) -> Result<Vec<(GroupId, String)>, OpError> {
    let mut found = Vec::new();
    for id in groups {
        found.extend(store::groups::get(conn, *id).await?.map(|group| (*id, group.name)));
    }
    Ok(found)
}

/// Gives the invite's account another number.
async fn correct(app: &App, principal: &Principal, account: AccountId, phone: Phone) -> Result<(), OpError> {
    let (rules, accounts) = app.live.policy_and_accounts();
    let entry = accounts.get(account).cloned().ok_or(OpError::NotFound)?;
    let permit = decide::<can::Login>(&rules, principal, &entry.account)?;
    match number::change(app, permit.grant(), phone).await {
        Err(OpError::Invalid { code: ErrorCode::PhoneTaken, .. }) => {
            Err(OpError::invalid("phone", ErrorCode::InviteNumberTaken))
        }
        changed => changed,
    }
}
