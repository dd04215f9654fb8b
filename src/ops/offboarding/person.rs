//! What is done about the person, and why it may not be done. Each action can be repeated.

use super::refusals;
use crate::domain::access::{Policy, Principal, SystemGrant};
use crate::domain::error::{ErrorCode, GoneKind};
use crate::domain::offboarding::PersonAction;
use crate::domain::privilege::can;
use crate::domain::{InviteId, RoleId, UserId};
use crate::ops::access::{self, Edit};
use crate::ops::users::{self, UserChange, UserRef};
use crate::ops::{App, OpError, invites};
use crate::store::users::User;
use crate::store::{self, Conn, StoreError};

/// Does it, with the function that a page would call.
pub(in crate::ops) async fn perform(
    app: &App,
    grant: SystemGrant<'_, can::ManageAccess>,
    user: UserId,
    action: &PersonAction,
) -> Result<(), OpError> {
    let change = match action {
        PersonAction::Block => UserChange::Disable,
        PersonAction::SignOut => UserChange::EndSessions,
        PersonAction::RevokeAdmin => UserChange::RevokeAdmin,
        PersonAction::TakeRole { role, .. } => return take(app, grant, user, *role).await,
        PersonAction::RevokeInvite { invite, .. } => return revoke(app, grant.actor(), *invite).await,
    };
    users::change(app, grant, UserRef::Id(user), change).await.map(drop)
}

async fn take(
    app: &App,
    grant: SystemGrant<'_, can::ManageAccess>,
    user: UserId,
    role: RoleId,
) -> Result<(), OpError> {
    let edit = Edit::Take(access::UserRef::Id(user), role);
    let mut report = access::save(app, grant, &[edit], None).await?;
    match report.failed.pop().map(|failed| failed.error) {
        // The role was deleted.
        None | Some(ErrorCode::Gone { kind: GoneKind::Role }) => Ok(()),
        Some(why) => Err(OpError::Refused(why)),
    }
}

async fn revoke(app: &App, actor: &Principal, invite: InviteId) -> Result<(), OpError> {
    let is_admin = matches!(actor, Principal::User(person) if person.admin);
    match invites::revoke(app, actor, invite).await {
        Err(OpError::Refused(ErrorCode::InviteOver)) => Ok(()),
        // It was deleted.
        Err(OpError::NotFound) if is_admin => Ok(()),
        Err(OpError::NotFound) => Err(OpError::Refused(ErrorCode::AdministratorsOnly)),
        other => other,
    }
}

/// Whether there is nothing to do.
pub(in crate::ops) async fn is_done(
    app: &App,
    conn: &mut Conn<'_>,
    user: &User,
    action: &PersonAction,
) -> Result<bool, StoreError> {
    Ok(match action {
        PersonAction::Block => user.disabled,
        PersonAction::SignOut => false,
        PersonAction::RevokeAdmin => !user.admin,
        PersonAction::TakeRole { role, .. } => {
            store::roles::of_user(conn, user.id).await?.iter().all(|(id, ..)| id != role)
        }
        PersonAction::RevokeInvite { invite, .. } => {
            let invite = store::invites::get(conn, *invite).await?;
            invite.is_none_or(|invite| !invite.state_at(app.clock.now()).is_open())
        }
    })
}

/// Why the actor, who manages access, may not do it; none if they may.
pub(in crate::ops) async fn refused(
    app: &App,
    conn: &mut Conn<'_>,
    (rules, actor): (&Policy, &Principal),
    user: &User,
    action: &PersonAction,
) -> Result<Option<ErrorCode>, OpError> {
    match action {
        PersonAction::Block => refusals::of_change(app, conn, actor, user, UserChange::Disable).await,
        PersonAction::SignOut => refusals::of_change(app, conn, actor, user, UserChange::EndSessions).await,
        PersonAction::RevokeAdmin => {
            refusals::of_change(app, conn, actor, user, UserChange::RevokeAdmin).await
        }
        PersonAction::TakeRole { role, .. } => {
            let held = store::roles::of_user(conn, user.id).await?;
            let by_page = held.iter().any(|(id, _, by_page, _)| id == role && *by_page);
            Ok(refusals::of_role(rules, actor, user, (*role, by_page)))
        }
        PersonAction::RevokeInvite { invite, .. } => {
            let invite = store::invites::get(conn, *invite).await?;
            Ok(invite.and_then(|invite| refusals::of_invite(rules, actor, &invite)))
        }
    }
}
