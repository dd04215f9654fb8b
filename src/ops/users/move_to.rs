//! Moving a person to another address: after a marriage, or when the organisation takes another mail domain. The provider's
//! subject stays, so the identity stays bound; what goes by the address goes along.

use crate::domain::access::{PolicyChange, Principal, SystemGrant, authorize_change};
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::domain::error::ErrorCode;
use crate::domain::privilege::can;
use crate::domain::{Email, Millis};
use crate::live::events::Change;
use crate::ops::publisher::Publisher;
use crate::ops::users::UserRef;
use crate::ops::{Context, OpError, current};
use crate::store::users::User;
use crate::store::{self, Conn};

/// What moved with a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moved {
    /// The person as they were before.
    pub user: User,
    /// How many accounts they own under the new address.
    pub accounts: u64,
}

/// Gives a person another address, with their roles, their administrator rights and the accounts they own. Their sessions
/// end: whether the identity proves the address is decided at sign-in.
pub async fn move_to(
    publisher: &impl Publisher,
    grant: SystemGrant<'_, can::ManageAccess>,
    whom: UserRef<'_>,
    to: &Email,
) -> Result<Moved, OpError> {
    let context = publisher.context();
    let now = context.clock.now();
    let moved = context
        .write_with(async |tx| -> Result<_, OpError> {
            let user = match whom {
                UserRef::Id(id) => store::users::by_id(tx, id).await?,
                UserRef::Email(email) => store::users::by_email(tx, email).await?,
            };
            let user = user.ok_or_else(|| whom.unknown())?;
            prepare(context, tx, grant.actor(), &user, to).await?;
            store::users::set_email(tx, user.id, to).await?;
            let accounts = store::accounts::change_owner(tx, &user.email, to).await?;
            store::web_sessions::end_all_of(tx, user.id).await?;
            let event = AuditEvent::UserMoved { person: user.email.clone(), to: to.clone(), accounts };
            let recorded = tx.record(&AuditEntry::done(now, grant.actor(), event)).await?;
            Ok(recorded.with(Moved { user, accounts }))
        })
        .await?;
    tracing::info!(person = %moved.user.email, %to, actor = %grant.actor(), "a person was moved to another address");
    publisher.publish(Change::User(moved.user.id)).await;
    Ok(moved)
}

/// Refuses a move that is not possible. A placeholder for the new address is merged into the person.
async fn prepare(
    context: &Context,
    conn: &mut Conn<'_>,
    actor: &Principal,
    user: &User,
    to: &Email,
) -> Result<(), OpError> {
    let rules = context.policy(conn).await?;
    let actor = &current::access_manager(conn, &rules, actor).await?;
    // The person who has the address afterwards has everything that this one has.
    authorize_change(&rules, actor, PolicyChange::Rank).map_err(|why| OpError::Refused(why.into()))?;
    if matches!(actor, Principal::User(person) if person.id == user.id) {
        return Err(OpError::Refused(ErrorCode::OwnUser));
    }
    if *to == user.email {
        return Err(OpError::invalid("email", ErrorCode::SameAddress));
    }
    if !context.config.sso.admits(to) {
        return Err(OpError::invalid("email", ErrorCode::DomainNotListed));
    }
    let Some(other) = store::users::by_email(conn, to).await? else { return Ok(()) };
    // The new address may have been given roles before its first sign-in: that placeholder is the same person.
    let is_placeholder = other.seen == Millis(0) && !other.admin && !other.disabled;
    if is_placeholder && store::users::is_unbound(conn, other.id).await? {
        for (role, _, by_page, _) in store::roles::of_user(conn, other.id).await? {
            if by_page {
                store::roles::give(conn, role, user.id).await?;
            }
        }
        return Ok(store::users::delete_unseen(conn, other.id).await?);
    }
    Err(OpError::invalid("email", ErrorCode::AddressTaken))
}
