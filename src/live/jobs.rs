//! The newest jobs, for the page that shows them.

use std::collections::HashMap;

use crate::domain::job::{JobRecord, Progress};
use crate::domain::{AccountId, JobId, Phone};

/// Jobs that pages show from memory, beside those that are unfinished.
pub const NEWEST: usize = 200;

/// The newest jobs and all that are unfinished, the newest first.
#[derive(Debug, Default)]
pub struct Jobs {
    pub jobs: Vec<JobRecord>,
    /// The numbers of the jobs' accounts, including removed ones.
    pub phones: HashMap<AccountId, Phone>,
    /// How far jobs are that work on lists.
    pub progress: HashMap<JobId, Progress>,
}

impl Jobs {
    pub fn phone(&self, job: &JobRecord) -> Option<&Phone> {
        self.phones.get(&job.account()?)
    }
}
