//! Which person an identity belongs to.

use crate::config::Subjects;
use crate::domain::access::Principal;
use crate::domain::audit::{AuditEntry, AuditEvent, SignInDenied};
use crate::domain::{Identity, Millis};
use crate::ops::{Applied, Context};
use crate::store::users::User;
use crate::store::{self, StoreError, Tx};

/// A person, and the entry to record if their identity took the place of another one.
pub(super) type Bound = (User, Option<AuditEntry>);

/// The person of an identity. It is bound at first sight, if its address is verified and has no other identity.
pub(super) async fn bind(
    context: &Context,
    tx: &mut Tx<'_>,
    identity: &Identity,
    now: Millis,
) -> Result<Applied<Bound, SignInDenied>, StoreError> {
    let Identity { issuer, subject, email, verified, .. } = identity;
    if let Some(bound) = store::identities::find(tx, issuer, subject).await? {
        let user = store::users::by_id(tx, bound).await?.ok_or(StoreError::Missing)?;
        return Ok(Applied::Done((user, None)));
    }
    if !verified {
        return Ok(Applied::Rejected(SignInDenied::Unverified));
    }
    let user = store::users::upsert_seen(tx, email, now).await?;
    let mut replaced = None;
    if !store::identities::subjects(tx, issuer, user.id).await?.is_empty() {
        if !replaces_subjects(context, issuer) {
            return Ok(Applied::Rejected(SignInDenied::OtherIdentity));
        }
        store::identities::forget_issuer(tx, issuer, user.id).await?;
        let event = AuditEvent::IdentityReplaced { person: user.email.clone() };
        replaced = Some(AuditEntry::done(now, &Principal::System("identity-provider"), event));
    }
    store::identities::bind(tx, issuer, subject, user.id, now).await?;
    Ok(Applied::Done((user, replaced)))
}

/// Whether people come with another subject after their seat at this issuer was removed and added again.
fn replaces_subjects(context: &Context, issuer: &str) -> bool {
    context.config.sso.assertion.as_ref().is_some_and(|format| match format.subjects {
        Subjects::Replaceable => format.issuer == issuer,
        Subjects::Permanent => false,
    })
}
