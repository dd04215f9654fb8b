//! Removes an account.

use super::Job;
use crate::context::App;
use crate::domain::AccountId;
use crate::domain::job::{JobKind, JobRecord, RemoveStep, StepOutcome};
use crate::ops::accounts::remove;
use crate::store::{self, StoreError};

pub(super) struct RemoveAccount;

impl Job for RemoveAccount {
    const KIND: JobKind = JobKind::RemoveAccount;
    type Args = AccountId;
    type Step = RemoveStep;

    async fn step(
        app: &App,
        row: &JobRecord,
        id: AccountId,
        step: RemoveStep,
    ) -> Result<StepOutcome, StoreError> {
        let Some(entry) = app.live.accounts.get(id) else {
            // The account was removed, but the job's row was not updated.
            app.db.maintain(async |conn| store::jobs::advance(conn, row.id, None).await).await?;
            return Ok(StepOutcome::Committed);
        };
        match step {
            RemoveStep::LogOut => remove::log_out_for_good(app, &entry, row.attempts).await,
            RemoveStep::Destroy => remove::destroy(app, &entry.account).await,
            RemoveStep::Forget => remove::forget(app, row, id).await,
        }
    }
}
