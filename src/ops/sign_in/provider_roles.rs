//! The roles that a person has by their groups at the identity provider.

use crate::domain::access::Principal;
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::domain::{Identity, Millis, ProviderGroups, UnknownGroups};
use crate::store::users::User;
use crate::store::{self, Recorded, StoreError, Tx};

/// The reason in the entry of a change that a missing claim caused.
const NO_GROUPS: &str = "The identity provider listed no groups.";

/// What came of a person's groups.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum RolesOutcome {
    #[default]
    Unchanged,
    Changed,
    /// The provider listed no groups, so the roles that came from them ended.
    Ended(Vec<String>),
    /// The provider did not list the groups, so the roles are what they were.
    Kept(UnknownGroups),
}

/// Applies what the provider says of groups, and records it if it changes anything or can't be known.
pub(super) async fn apply(
    tx: &mut Tx<'_>,
    user: &User,
    identity: &Identity,
    now: Millis,
) -> Result<(RolesOutcome, Option<Recorded>), StoreError> {
    let person = user.email.clone();
    let by_provider = |event| AuditEntry::done(now, &Principal::System("identity-provider"), event);
    match &identity.groups {
        ProviderGroups::NotUsed => Ok((RolesOutcome::Unchanged, None)),
        ProviderGroups::Unknown(why) => {
            tracing::warn!(%person, ?why, "the identity provider did not list a person's groups; their roles stay");
            let entry = by_provider(AuditEvent::ProviderRolesKept { person, why: *why });
            Ok((RolesOutcome::Kept(*why), Some(tx.record(&entry).await?)))
        }
        ProviderGroups::Listed(groups) => {
            let unmatched = store::roles::count_unmatched(tx, groups).await?;
            if unmatched > 0 {
                tracing::info!(%person, unmatched, groups = groups.len(), "some groups of a person have no role of their name");
            }
            if !store::roles::set_from_provider(tx, user.id, groups).await? {
                return Ok((RolesOutcome::Unchanged, None));
            }
            let roles = store::roles::of_person(tx, user.id).await?;
            let entry = by_provider(AuditEvent::RolesFromProvider { person, roles });
            Ok((RolesOutcome::Changed, Some(tx.record(&entry).await?)))
        }
        ProviderGroups::Missing => {
            let ended = store::roles::from_provider(tx, user.id).await?;
            if !store::roles::set_from_provider(tx, user.id, &[]).await? {
                return Ok((RolesOutcome::Unchanged, None));
            }
            tracing::warn!(%person, roles = ended.len(), "the identity provider listed no groups; the roles from them ended");
            let roles = store::roles::of_person(tx, user.id).await?;
            let entry = by_provider(AuditEvent::RolesFromProvider { person, roles }).because(NO_GROUPS);
            Ok((RolesOutcome::Ended(ended), Some(tx.record(&entry).await?)))
        }
    }
}
