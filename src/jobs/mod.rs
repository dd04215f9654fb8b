//! Long work: what takes longer than a request and must survive a restart.
//!
//! A job is a row. Its kind's file here says what its steps do, by calling `ops`. A step may be repeated, and commits its
//! effect together with the cursor to the next one, so a job continues where it was however the program ended. A step
//! that can't be done yet is tried again with growing pauses; one that needs a person fails and waits for Retry.

mod remove_account;
mod runner;

use std::str::FromStr;

use crate::context::App;
use crate::domain::job::{JobKind, JobRecord, StepOutcome, Steps};
use crate::store::{self, StoreError};

pub use runner::run;

/// One kind of job.
trait Job {
    const KIND: JobKind;
    /// What the column `args` holds.
    type Args: FromStr;
    type Step: Steps;

    /// Does one step. It has to be possible to repeat it.
    fn step(
        app: &App,
        row: &JobRecord,
        args: Self::Args,
        step: Self::Step,
    ) -> impl Future<Output = Result<StepOutcome, StoreError>> + Send;
}

/// Finds the kind of a row. A kind without a line here does not compile.
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
}

async fn advance<J: Job>(app: &App, row: &JobRecord) -> Result<StepOutcome, StoreError> {
    let step = row.cursor.as_deref().and_then(|cursor| cursor.parse::<J::Step>().ok());
    let (Ok(args), Some(step)) = (row.args.parse::<J::Args>(), step) else {
        return Ok(StepOutcome::Stuck("This job's row was edited by hand and can't be read.".into()));
    };
    let outcome = J::step(app, row, args, step).await?;
    if outcome == StepOutcome::Done {
        app.db.maintain(async |conn| store::jobs::advance(conn, row.id, step.next_cursor()).await).await?;
    }
    Ok(outcome)
}
