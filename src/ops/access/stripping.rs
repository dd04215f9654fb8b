//! Whether people may lose what their roles or their ownership give them: judged for each of them, by what the actor may
//! do.

use crate::domain::access::{EscalationError, Policy, PolicyChange, Principal, Subject, authorize_change};
use crate::domain::{Account, GroupId, RoleId, UserId};
use crate::store::{self, Conn, StoreError};

/// Why people with such roles may not lose what those give them; none if they may.
pub(crate) async fn of_roles(
    conn: &mut Conn<'_>,
    rules: &Policy,
    actor: &Principal,
    affected: impl Fn(&[RoleId]) -> bool,
) -> Result<Option<EscalationError>, StoreError> {
    let people = rules.holders().filter(|(_, roles)| affected(roles)).map(|(id, _)| id);
    of_people(conn, rules, actor, people).await
}

/// Why a role may not get another name; none if it may. People who have it by its name at the identity provider lose it
/// with their next sign-in.
pub(crate) async fn of_name(
    conn: &mut Conn<'_>,
    rules: &Policy,
    actor: &Principal,
    role: RoleId,
) -> Result<Option<EscalationError>, StoreError> {
    let people = store::roles::people_from_provider(conn, role).await?;
    of_people(conn, rules, actor, people.into_iter()).await
}

async fn of_people(
    conn: &mut Conn<'_>,
    rules: &Policy,
    actor: &Principal,
    people: impl Iterator<Item = UserId>,
) -> Result<Option<EscalationError>, StoreError> {
    let administrators = store::users::administrators(conn).await?;
    let is_admin = |person| administrators.iter().any(|(id, _)| *id == person);
    let people: Vec<Subject> = people.map(|id| Subject { id, admin: is_admin(id) }).collect();
    Ok(authorize_change(rules, actor, PolicyChange::Strip(&people)).err())
}

/// Why accounts may not leave a group; none if they may. The people with a role in the group lose what it gives them for
/// these accounts. Leaving a group that requires approvals or confirmations ends the requirement, which takes an
/// administrator.
pub(crate) async fn of_group(
    conn: &mut Conn<'_>,
    rules: &Policy,
    actor: &Principal,
    group: GroupId,
) -> Result<Option<EscalationError>, StoreError> {
    let protected = store::groups::protected(conn).await?.contains(&group);
    if protected && let Err(why) = authorize_change(rules, actor, PolicyChange::NoApproval) {
        return Ok(Some(why));
    }
    let gives = |role: &RoleId| rules.role(*role).is_some_and(|role| !role.in_group(group).is_empty());
    of_roles(conn, rules, actor, |roles| roles.iter().any(gives)).await
}

/// Why an account's owner may not lose it; none if they may, or if there is none.
pub(crate) async fn of_owner(
    conn: &mut Conn<'_>,
    rules: &Policy,
    actor: &Principal,
    account: &Account,
) -> Result<Option<EscalationError>, StoreError> {
    let Some(owner) = &account.owner else { return Ok(None) };
    let user = store::users::by_email(conn, owner).await?;
    let subject = user.map(|user| Subject { id: user.id, admin: user.admin });
    Ok(authorize_change(rules, actor, PolicyChange::Disown(account, subject)).err())
}
