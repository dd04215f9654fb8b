//! What people may do with invites, and what an invite may still do.

use crate::domain::GroupId;
use crate::domain::access::{Policy, PolicyChange, Principal, authorize_change, decide_system};
use crate::domain::invite::{Invite, InviteKind};
use crate::domain::privilege::can;
use crate::ops::{Context, OpError, sign_in};
use crate::store::{self, Conn, StoreError};

/// Whether an actor may invite people whose accounts join these groups.
pub(super) fn authorize(rules: &Policy, actor: &Principal, groups: &[GroupId]) -> Result<(), OpError> {
    decide_system::<can::AddAccount>(rules, actor)?;
    if groups.is_empty() {
        return Ok(());
    }
    decide_system::<can::ManageAccess>(rules, actor)?;
    groups.iter().try_for_each(|group| {
        let joins = authorize_change(rules, actor, PolicyChange::Invite(*group));
        joins.map_err(|why| OpError::invalid("groups", why))
    })
}

/// Those of these groups that accounts of an actor's invites may join.
pub fn may_manage_group(rules: &Policy, actor: &Principal, group: GroupId) -> bool {
    authorize(rules, actor, &[group]).is_ok()
}

/// Whether an actor may see and change this invite: its creator, as long as they may invite people, and administrators.
pub fn manages(rules: &Policy, actor: &Principal, invite: &Invite) -> bool {
    match actor {
        Principal::User(person) if person.admin => true,
        Principal::User(person) => {
            person.id == invite.creator && decide_system::<can::AddAccount>(rules, actor).is_ok()
        }
        Principal::Invite(_) | Principal::Cli | Principal::System(_) => false,
    }
}

/// Whether the person who created it may still invite people in this way.
pub(super) async fn is_still_allowed(
    context: &Context,
    conn: &mut Conn<'_>,
    invite: &Invite,
) -> Result<bool, StoreError> {
    let user = store::users::by_id(conn, invite.creator).await?.filter(|user| !user.disabled);
    let Some(user) = user else { return Ok(false) };
    Ok(match invite.kind {
        InviteKind::Own => user.email == invite.person && context.config.onboarding.admits(&user.email),
        InviteKind::Link => {
            // Their address was verified when they created it.
            let creator = Principal::User(sign_in::person(&user, true));
            authorize(&context.policy(conn).await?, &creator, &invite.groups).is_ok()
        }
    })
}
