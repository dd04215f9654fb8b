//! Does something with each of many accounts.

use super::Job;
use crate::context::App;
use crate::domain::UserId;
use crate::domain::job::{JobKind, JobRecord, LinesStep, StepOutcome};
use crate::ops::lines;
use crate::store::StoreError;

pub(super) struct ChangeAccounts;

impl Job for ChangeAccounts {
    const KIND: JobKind = JobKind::ChangeAccounts;
    /// The person who started it. The lines say so as well, and can't be changed with SQL.
    type Args = UserId;
    type Step = LinesStep;

    async fn step(app: &App, row: &JobRecord, _: UserId, step: LinesStep) -> Result<StepOutcome, StoreError> {
        match step {
            LinesStep::Work => lines::work(app, row).await,
        }
    }
}
