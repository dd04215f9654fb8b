//! Who acts, as the database has them now: rights may have changed since the session or the page began.

use crate::domain::access::{Person, Policy, Principal, decide_system};
use crate::domain::error::ErrorCode;
use crate::domain::privilege::can;
use crate::ops::OpError;
use crate::store::{self, Conn};

/// The same principal with their present rank; refused if they may not sign in any more.
pub(crate) async fn principal(conn: &mut Conn<'_>, actor: &Principal) -> Result<Principal, OpError> {
    match actor {
        Principal::User(person) => {
            let user = store::users::by_id(conn, person.id).await?.filter(|user| !user.disabled);
            let user = user.ok_or_else(|| OpError::Refused(ErrorCode::Blocked))?;
            Ok(Principal::User(Person { admin: user.admin && person.verified, ..person.clone() }))
        }
        Principal::Cli | Principal::System(_) => Ok(actor.clone()),
    }
}

/// The same principal, if they can still manage access.
pub(crate) async fn access_manager(
    conn: &mut Conn<'_>,
    policy: &Policy,
    actor: &Principal,
) -> Result<Principal, OpError> {
    let actor = principal(conn, actor).await?;
    decide_system::<can::ManageAccess>(policy, &actor)?;
    Ok(actor)
}
