//! Long work: what takes longer than a request, and must not be lost when the program ends.
//!
//! A job is a row. Its kind's file here names the steps; what a step does is done by `ops`, through the port
//! [`Steps`]. A step may be repeated and commits its effect together with the cursor to the next one, so a job
//! goes on where it was, however the program ended. A step that can't be done now is tried again, ever more
//! seldom; one that needs a person's help fails with a sentence, and waits for Retry.

pub mod remove_account;
mod runner;

use crate::domain::job::Job;
use crate::store::StoreError;

pub use runner::run;

/// What became of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// It is done, and the cursor was moved in the same transaction.
    Done,
    /// It can't be done now; why, in words.
    Later(String),
    /// It needs a person's help; why, in words.
    Stuck(String),
}

/// Does the steps of jobs: the port through which the runner reaches what changes things.
pub trait Steps: Send + Sync + 'static {
    /// Does the next step of a job.
    fn step(&self, job: &Job) -> impl Future<Output = Result<Step, StoreError>> + Send;

    /// The jobs have changed: open pages are to show it.
    fn changed(&self);
}
