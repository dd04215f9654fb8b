//! Jobs whose lines are actions on accounts and people: they differ in what their lines are.

use super::Job;
use crate::context::App;
use crate::domain::UserId;
use crate::domain::job::{JobKind, JobRecord, LinesStep, StepOutcome};
use crate::ops::lines;
use crate::store::StoreError;

macro_rules! jobs_with_lines {
    ($($(#[$about:meta])* $kind:ident),+ $(,)?) => {
        $(
            $(#[$about])*
            pub(super) struct $kind;

            impl Job for $kind {
                const KIND: JobKind = JobKind::$kind;
                /// The person who started it. The lines say so as well, and can't be changed with SQL.
                type Args = UserId;
                type Step = LinesStep;

                async fn step(
                    app: &App,
                    row: &JobRecord,
                    _: UserId,
                    step: LinesStep,
                ) -> Result<StepOutcome, StoreError> {
                    match step {
                        LinesStep::Work => lines::work(app, row).await,
                    }
                }
            }
        )+
    };
}

jobs_with_lines! {
    /// Does something with each of many accounts.
    ChangeAccounts,
    /// Takes back what a person has who leaves.
    OffBoard,
}
