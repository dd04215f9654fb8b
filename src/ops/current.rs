//! The acting principal as the database has it now: rights may have changed since the session or the page began.

use crate::domain::access::{Person, Policy, Principal, decide_system};
use crate::domain::error::ErrorCode;
use crate::domain::privilege::can;
use crate::ops::OpError;
use crate::store::{self, Conn};

/// The same principal with its present admin flag; refused if the person is blocked.
pub(crate) async fn principal(conn: &mut Conn<'_>, actor: &Principal) -> Result<Principal, OpError> {
    match actor {
        Principal::User(person) => {
            let user = store::users::by_id(conn, person.id).await?.filter(|user| !user.disabled);
            let user = user.ok_or_else(|| OpError::Refused(ErrorCode::Blocked))?;
            Ok(Principal::User(Person { admin: user.admin && person.verified, ..person.clone() }))
        }
        Principal::Invite(_) => Err(OpError::Refused(ErrorCode::PeopleOnly)),
        Principal::Cli | Principal::System(_) => Ok(actor.clone()),
    }
}

/// The same principal, if it can still manage access.
pub(crate) async fn access_manager(
    conn: &mut Conn<'_>,
    policy: &Policy,
    actor: &Principal,
) -> Result<Principal, OpError> {
    let actor = principal(conn, actor).await?;
    decide_system::<can::ManageAccess>(policy, &actor)?;
    Ok(actor)
}
