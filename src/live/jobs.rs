//! The newest jobs, for the page that shows them.

use std::collections::HashMap;

use crate::domain::Phone;
use crate::domain::job::Job;

/// The newest jobs and all that are unfinished, the newest first.
#[derive(Debug, Default)]
pub struct Jobs {
    pub jobs: Vec<Job>,
    /// The account's number by the arguments of the job, also of accounts that are removed.
    pub phones: HashMap<String, Phone>,
}

impl Jobs {
    pub fn phone(&self, job: &Job) -> Option<&Phone> {
        self.phones.get(&job.args)
    }
}
