//! The newest jobs, for the page that shows them.

use std::collections::HashMap;

use crate::domain::job::{JobRecord, Progress};
use crate::domain::{AccountId, Identifier, JobId};

/// Jobs that pages show from memory, beside those that are unfinished.
pub const NEWEST: usize = 200;

/// The newest jobs and all that are unfinished, the newest first.
#[derive(Debug, Default)]
pub struct Jobs {
    pub jobs: Vec<JobRecord>,
    /// What identifies the jobs' accounts, including removed ones.
    pub identifiers: HashMap<AccountId, Identifier>,
    /// How far jobs are that work on lists.
    pub progress: HashMap<JobId, Progress>,
}

impl Jobs {
    pub fn identifier(&self, job: &JobRecord) -> Option<&Identifier> {
        self.identifiers.get(&job.account()?)
    }
}
