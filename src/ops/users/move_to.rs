//! Moving a person to another address: after a marriage, or when the organisation takes another mail domain. The provider's
//! subject stays, so the identity stays bound; what goes by the address goes along.

use crate::domain::access::{PolicyChange, Principal, SystemGrant, authorize_change};
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::domain::error::ErrorCode;
use crate::domain::privilege::can;
use crate::domain::{Email, Millis, UserId};
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

/// What a move would take along.
#[derive(Clone, Debug)]
pub struct MovePreview {
    /// The names of the roles that the new address was given before its first sign-in.
    pub early_roles: Vec<String>,
}

/// What a move would do, without doing it.
pub async fn preview_move(
    context: &Context,
    grant: SystemGrant<'_, can::ManageAccess>,
    whom: UserRef<'_>,
    to: &Email,
) -> Result<MovePreview, OpError> {
    let conn = &mut context.db.read().await?;
    let user = find(conn, whom).await?;
    let early_roles = match check(context, conn, grant.actor(), &user, to).await? {
        Some(placeholder) => {
            let roles = store::roles::of_user(conn, placeholder).await?;
            roles.into_iter().filter(|(_, _, by_page, _)| *by_page).map(|(_, name, _, _)| name).collect()
        }
        None => Vec::new(),
    };
    Ok(MovePreview { early_roles })
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
            let user = find(tx, whom).await?;
            if let Some(placeholder) = check(context, tx, grant.actor(), &user, to).await? {
                merge(tx, placeholder, &user).await?;
            }
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

async fn find(conn: &mut Conn<'_>, whom: UserRef<'_>) -> Result<User, OpError> {
    let user = match whom {
        UserRef::Id(id) => store::users::by_id(conn, id).await?,
        UserRef::Email(email) => store::users::by_email(conn, email).await?,
    };
    user.ok_or_else(|| whom.unknown())
}

/// Refuses a move that is not possible. Returns the placeholder for the new address, if there is one.
async fn check(
    context: &Context,
    conn: &mut Conn<'_>,
    actor: &Principal,
    user: &User,
    to: &Email,
) -> Result<Option<UserId>, OpError> {
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
    let Some(other) = store::users::by_email(conn, to).await? else { return Ok(None) };
    // The new address may have been given roles before its first sign-in: that placeholder is the same person.
    let is_placeholder = other.seen == Millis(0) && !other.admin && !other.disabled;
    if is_placeholder && store::users::is_unbound(conn, other.id).await? {
        return Ok(Some(other.id));
    }
    Err(OpError::invalid("email", ErrorCode::AddressTaken))
}

/// Gives the person the roles of a placeholder, and removes it.
async fn merge(conn: &mut Conn<'_>, placeholder: UserId, user: &User) -> Result<(), OpError> {
    for (role, _, by_page, _) in store::roles::of_user(conn, placeholder).await? {
        if by_page {
            store::roles::give(conn, role, user.id).await?;
        }
    }
    Ok(store::users::delete_unseen(conn, placeholder).await?)
}
