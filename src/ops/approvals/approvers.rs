//! Who may approve a request. For a day, an approver who got that permission from the person who made the request does
//! not count: otherwise people could approve their own requests with a second address.

use crate::domain::UserId;
use crate::domain::access::{ApproverBy, Person, Policy, RecentGrants};
use crate::domain::privilege::SystemPrivilege;
use crate::ops::App;
use crate::ops::approvals::authorize::may_approve;
use crate::store::users::User;
use crate::store::{self, Conn, StoreError};

/// How long a permission that the requester gave does not count, in seconds.
const FRESH: i64 = 24 * 60 * 60;

/// Everyone who may approve this person's requests, by address.
pub async fn approvers_for(
    app: &App,
    conn: &mut Conn<'_>,
    requester: &Person,
) -> Result<Vec<User>, StoreError> {
    let others = others(app, conn, requester.id, requester.email.as_str()).await?;
    Ok(others.into_iter().filter(|(_, depends)| !depends).map(|(user, _)| user).collect())
}

/// Those who may approve other requests, but not this person's, because they have their permission from them.
pub(super) async fn dependents(
    app: &App,
    conn: &mut Conn<'_>,
    requester: UserId,
) -> Result<Vec<UserId>, StoreError> {
    let Some(requester) = store::users::by_id(conn, requester).await? else { return Ok(Vec::new()) };
    let others = others(app, conn, requester.id, requester.email.as_str()).await?;
    Ok(others.into_iter().filter(|(_, depends)| *depends).map(|(user, _)| user.id).collect())
}

/// Whether the approver may approve only because of what the requester gave lately.
pub(super) async fn depends_on(
    app: &App,
    conn: &mut Conn<'_>,
    requester: UserId,
    approver: UserId,
) -> Result<bool, StoreError> {
    Ok(dependents(app, conn, requester).await?.contains(&approver))
}

/// Whether this person may approve now.
pub(super) async fn may_still(app: &App, conn: &mut Conn<'_>, id: UserId) -> Result<bool, StoreError> {
    let user = store::users::by_id(conn, id).await?.filter(|user| !user.disabled);
    let rules = app.policy(conn).await?;
    Ok(user.is_some_and(|user| may_approve(&rules, &user)))
}

/// All others who may approve, and whether only because of what the requester gave lately.
async fn others(
    app: &App,
    conn: &mut Conn<'_>,
    requester: UserId,
    address: &str,
) -> Result<Vec<(User, bool)>, StoreError> {
    let rules = app.policy(conn).await?;
    let people = store::users::active(conn).await?;
    let since = app.clock.now().plus_seconds(-FRESH);
    let entries = store::audit::grants_since(conn, since).await?;
    let given = RecentGrants::of(address, entries.iter().map(|(actor, event)| (actor.as_str(), event)));
    let mut others = Vec::new();
    for user in people.into_iter().filter(|user| user.id != requester && may_approve(&rules, user)) {
        let depends = given.explain(&user.email, &ways(conn, &rules, &user).await?);
        others.push((user, depends));
    }
    Ok(others)
}

/// The ways by which this person may approve.
async fn ways(conn: &mut Conn<'_>, rules: &Policy, user: &User) -> Result<Vec<ApproverBy>, StoreError> {
    let roles = store::roles::of_person_by_source(conn, user.id).await?;
    let approves =
        |role| rules.role(role).is_some_and(|role| role.system.has(SystemPrivilege::ApproveReveal));
    let roles = roles
        .into_iter()
        .filter(|(id, _, _)| approves(*id))
        .map(|(_, name, from_provider)| ApproverBy::Role { name, from_provider });
    Ok(user.admin.then_some(ApproverBy::Admin).into_iter().chain(roles).collect())
}
