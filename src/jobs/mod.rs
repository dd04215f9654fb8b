//! Jobs: work that takes longer than a request and must survive a restart.
//!
//! A job is a row. The file of its kind implements its steps by calling `ops`. A step must be repeatable, and commits its
//! effect together with the cursor of the next step, so a job continues where it was, however the program ended. A step
//! that can't be done yet is retried with growing pauses; one that needs a person fails and waits for Retry.

mod create_invites;
mod remove_account;
mod runner;
mod with_lines;

use std::str::FromStr;

use crate::context::App;
use crate::domain::job::{JobKind, JobRecord, StepOutcome, Steps};
use crate::store::{self, Conn, StoreError};

pub use runner::{STEP_ENDS, run, run_with};

/// One kind of job.
trait Job {
    const KIND: JobKind;
    /// The type of the column `args`.
    type Args: FromStr;
    type Step: Steps;

    /// Does one step. It must be repeatable.
    fn step(
        app: &App,
        row: &JobRecord,
        args: Self::Args,
        step: Self::Step,
    ) -> impl Future<Output = Result<StepOutcome, StoreError>> + Send;
}

/// Dispatches a row to its kind. A kind without a line here does not compile.
macro_rules! jobs {
    ($($kind:ident => $job:ty),+ $(,)?) => {
        async fn step(app: &App, row: &JobRecord) -> Result<StepOutcome, StoreError> {
            match row.kind {
                $(JobKind::$kind => {
                    const { assert!(matches!(<$job as Job>::KIND, JobKind::$kind)) };
                    advance::<$job>(app, row).await
                })+
            }
        }
    };
}

jobs! {
    RemoveAccount => remove_account::RemoveAccount,
    CreateInvites => create_invites::CreateInvites,
    ChangeAccounts => with_lines::ChangeAccounts,
    OffBoard => with_lines::OffBoard,
}

async fn advance<J: Job>(app: &App, row: &JobRecord) -> Result<StepOutcome, StoreError> {
    let step = row.cursor.as_deref().and_then(|cursor| cursor.parse::<J::Step>().ok());
    let (Ok(args), Some(step)) = (row.args.parse::<J::Args>(), step) else {
        return Ok(StepOutcome::Stuck("This job's row was edited by hand and can't be read.".into()));
    };
    let outcome = J::step(app, row, args, step).await?;
    if outcome == StepOutcome::Done {
        let advance =
            async |conn: &mut Conn<'_>| store::jobs::advance(conn, row.id, step.next_cursor()).await;
        match app.db.maintain(advance).await {
            // A person stopped it meanwhile.
            Ok(()) | Err(StoreError::Missing) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(outcome)
}
