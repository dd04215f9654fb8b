//! Administering users: ending their sessions, blocking them, making them administrators, and unlinking their identity
//! after an address was reassigned.
//!
//! Each change is checked in its own transaction: if two administrators revoke each other's rights at the same moment,
//! one of them stays an administrator. A user whose admin flag changes has to sign in again, so that no session is older
//! than the rights it carries.

mod move_to;

pub use move_to::{MovePreview, Moved, move_to, preview_move};

use crate::domain::access::{self as rights, Policy, Principal, Subject, SystemGrant, authorize_change};
use crate::domain::audit::{AuditEntry, AuditEvent, Outcome};
use crate::domain::error::ErrorCode;
use crate::domain::privilege::can;
use crate::domain::{Email, UserId};
use crate::live::events::Change;
use crate::ops::publisher::Publisher;
use crate::ops::{Applied, Context, OpError, current};
use crate::store::users::User;
use crate::store::{self, Conn, Written};
use crate::words;

/// A change to a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UserChange {
    /// Sign the person out in every browser.
    EndSessions,
    /// Block the person.
    Disable,
    /// Unblock the person.
    Enable,
    GrantAdmin,
    RevokeAdmin,
    /// Unlink the identity: the next one that signs in with the address is linked to the person.
    ForgetIdentity,
}

impl UserChange {
    fn event(self, person: Email) -> AuditEvent {
        match self {
            Self::EndSessions => AuditEvent::UserSessionsEnded { person },
            Self::Disable => AuditEvent::UserBlocked { person },
            Self::Enable => AuditEvent::UserUnblocked { person },
            Self::GrantAdmin => AuditEvent::AdminGranted { person },
            Self::RevokeAdmin => AuditEvent::AdminRevoked { person },
            Self::ForgetIdentity => AuditEvent::IdentityUnlinked { person },
        }
    }

    /// Whether the user already is in the wanted state, so that there is nothing to do or to record.
    const fn is_so(self, user: &User) -> bool {
        match self {
            Self::Disable => user.disabled,
            Self::Enable => !user.disabled,
            Self::GrantAdmin => user.admin,
            Self::RevokeAdmin => !user.admin,
            Self::EndSessions | Self::ForgetIdentity => false,
        }
    }
}

/// A reference to a person.
#[derive(Clone, Copy, Debug)]
pub enum UserRef<'a> {
    Id(UserId),
    /// The person with this address. A future administrator may not have signed in yet.
    Email(&'a Email),
}

impl UserRef<'_> {
    fn unknown(self) -> OpError {
        match self {
            Self::Id(_) => OpError::NotFound,
            Self::Email(email) => OpError::Refused(ErrorCode::UnknownUser { email: email.to_string() }),
        }
    }
}

/// Changes a user and publishes the change: open pages close or update at once, and cached sessions are dropped, so that
/// none is used while the database is unavailable. Returns the user as it was before.
pub async fn change(
    publisher: &impl Publisher,
    grant: SystemGrant<'_, can::ManageAccess>,
    whom: UserRef<'_>,
    change: UserChange,
) -> Result<User, OpError> {
    let user = write(publisher.context(), grant, whom, change).await?;
    publisher.publish(Change::User(user.id)).await;
    Ok(user)
}

/// Whether a change would be made, without making it.
pub async fn preview(
    context: &Context,
    grant: SystemGrant<'_, can::ManageAccess>,
    whom: UserRef<'_>,
    change: UserChange,
) -> Result<(), OpError> {
    let conn = &mut context.db.read().await?;
    let user = match whom {
        UserRef::Id(id) => store::users::by_id(conn, id).await?,
        UserRef::Email(email) => store::users::by_email(conn, email).await?,
    };
    let user = user.ok_or_else(|| whom.unknown())?;
    check(context, conn, grant.actor(), &user, change).await
}

async fn write(
    context: &Context,
    grant: SystemGrant<'_, can::ManageAccess>,
    whom: UserRef<'_>,
    change: UserChange,
) -> Result<User, OpError> {
    let now = context.clock.now();
    let user = context
        .write_with(async |tx| -> Result<Written<Applied<User, OpError>>, OpError> {
            let user = match whom {
                UserRef::Id(id) => store::users::by_id(tx, id).await?,
                UserRef::Email(email) if change == UserChange::GrantAdmin => {
                    Some(store::users::named(tx, email, now).await?)
                }
                UserRef::Email(email) => store::users::by_email(tx, email).await?,
            };
            let user = user.ok_or_else(|| whom.unknown())?;
            if change.is_so(&user) {
                return Ok(Written::unchanged(Applied::Done(user)));
            }
            let entry = AuditEntry::done(now, grant.actor(), change.event(user.email.clone()));
            match check(context, tx, grant.actor(), &user, change).await {
                Ok(()) => {
                    apply(tx, user.id, change).await?;
                    Ok(tx.record(&entry).await?.with(Applied::Done(user)))
                }
                Err(OpError::Refused(why)) => {
                    let entry =
                        AuditEntry { outcome: Outcome::Failed, ..entry }.because(words::sentence(&why));
                    Ok(tx.record(&entry).await?.with(Applied::Rejected(OpError::Refused(why))))
                }
                Err(error) => Err(error),
            }
        })
        .await?
        .into_result()?;
    tracing::info!(person = %user.email, actor = %grant.actor(), ?change, "user changed");
    Ok(user)
}

/// Refuses changes that the actor may not make, that would leave no administrator, or that the next sign-in would undo.
pub(in crate::ops) async fn check(
    context: &Context,
    conn: &mut Conn<'_>,
    actor: &Principal,
    user: &User,
    change: UserChange,
) -> Result<(), OpError> {
    let refused = |code| Err(OpError::Refused(code));
    let rules = context.policy(conn).await?;
    let actor = &current::access_manager(conn, &rules, actor).await?;
    let judged = match change {
        UserChange::GrantAdmin | UserChange::RevokeAdmin => rights::PolicyChange::Rank,
        UserChange::EndSessions | UserChange::Disable | UserChange::Enable | UserChange::ForgetIdentity => {
            rights::PolicyChange::Person(Subject { id: user.id, admin: user.admin })
        }
    };
    authorize_change(&rules, actor, judged).map_err(|why| OpError::Refused(why.into()))?;
    let lowers = matches!(change, UserChange::Disable | UserChange::RevokeAdmin);
    // People who unlink their own identity and sign in with another address would be two users, one of whom could
    // approve what the other requests.
    let is_own = matches!(actor, Principal::User(person) if person.id == user.id);
    if is_own && (lowers || change == UserChange::ForgetIdentity) {
        return refused(ErrorCode::OwnUser);
    }
    match change {
        UserChange::EndSessions | UserChange::Disable | UserChange::Enable | UserChange::ForgetIdentity
            if !is_own =>
        {
            judge_owned(conn, &rules, actor, &user.email).await?;
        }
        UserChange::EndSessions
        | UserChange::Disable
        | UserChange::Enable
        | UserChange::ForgetIdentity
        | UserChange::GrantAdmin
        | UserChange::RevokeAdmin => {}
    }
    if change == UserChange::RevokeAdmin && context.config.sso.admin_emails.contains(&user.email) {
        return refused(ErrorCode::NamedInAdminEmails);
    }
    if change == UserChange::GrantAdmin && user.disabled {
        return refused(ErrorCode::UserBlocked);
    }
    if lowers && user.admin && store::users::count_other_admins(conn, user.id).await? == 0 {
        return refused(ErrorCode::LastAdministrator);
    }
    Ok(())
}

/// Refuses to block, unblock or unlink the owner of accounts for which the actor may not do what an owner may: such an
/// owner has more permissions than the actor.
async fn judge_owned(
    conn: &mut Conn<'_>,
    rules: &Policy,
    actor: &Principal,
    owner: &Email,
) -> Result<(), OpError> {
    let accounts = store::accounts::all(conn).await?;
    let owned = accounts.iter().filter(|account| account.owner.as_ref() == Some(owner));
    for account in owned {
        if authorize_change(rules, actor, rights::PolicyChange::Owner(account, owner)).is_err() {
            return Err(OpError::Refused(ErrorCode::AboveYou));
        }
    }
    Ok(())
}

async fn apply(conn: &mut Conn<'_>, id: UserId, change: UserChange) -> Result<(), OpError> {
    match change {
        UserChange::EndSessions => {}
        // A blocked person has no session that could end.
        UserChange::Enable => return Ok(store::users::set_disabled(conn, id, false).await?),
        UserChange::Disable => store::users::set_disabled(conn, id, true).await?,
        UserChange::GrantAdmin => store::users::set_admin(conn, id, true).await?,
        UserChange::RevokeAdmin => store::users::set_admin(conn, id, false).await?,
        UserChange::ForgetIdentity => drop(store::identities::forget(conn, id).await?),
    }
    store::web_sessions::end_all_of(conn, id).await?;
    Ok(())
}
