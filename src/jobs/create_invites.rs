//! Creates the invites of a list, and sends their links.

use super::Job;
use crate::context::App;
use crate::domain::UserId;
use crate::domain::job::{InvitesStep, JobKind, JobRecord, StepOutcome};
use crate::ops::invites::list;
use crate::store::StoreError;

pub(super) struct CreateInvites;

impl Job for CreateInvites {
    const KIND: JobKind = JobKind::CreateInvites;
    /// The person who started it. The lines say so as well, and can't be changed with SQL.
    type Args = UserId;
    type Step = InvitesStep;

    async fn step(
        app: &App,
        row: &JobRecord,
        _: UserId,
        step: InvitesStep,
    ) -> Result<StepOutcome, StoreError> {
        match step {
            InvitesStep::Create => list::make_next(app, row).await,
            InvitesStep::Send => list::send_next(app, row).await,
        }
    }
}
