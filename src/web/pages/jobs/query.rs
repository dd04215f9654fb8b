//! Which tasks the page shows, as it is written in its address.

use serde::{Deserialize, Serialize};

use crate::domain::JobId;
use crate::domain::job::{JobRecord, JobState};
use crate::web::paths::{self, with_query};

#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct JobsQuery {
    /// The name of a [`Group`]; empty for all.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub state: String,
    /// Part of the number, or of the name of who started it.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub q: String,
    /// A task; older ones are shown.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub before: String,
}

/// Tasks that are looked for together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    Running,
    /// The last try failed.
    Failing,
    Finished,
}

impl Group {
    pub const ALL: [Self; 3] = [Self::Failing, Self::Running, Self::Finished];

    pub const fn of(job: &JobRecord) -> Self {
        match (job.state, &job.error) {
            (JobState::Done, _) => Self::Finished,
            (JobState::Waiting, None) => Self::Running,
            (JobState::Waiting, Some(_)) | (JobState::Failed, _) => Self::Failing,
        }
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Failing => "failing",
            Self::Finished => "finished",
        }
    }
}

impl JobsQuery {
    /// Whether a task of this group is asked for; any name that no group has asks for all.
    pub fn wants(&self, group: Group) -> bool {
        self.group().is_none_or(|wanted| wanted == group)
    }

    pub fn group(&self) -> Option<Group> {
        Group::ALL.into_iter().find(|group| group.name() == self.state)
    }

    /// Whether the search fits a task with this number.
    pub fn finds(&self, phone: &str, actor: &str) -> bool {
        let wanted = self.q.trim().to_lowercase();
        let digits: String = wanted.chars().filter(char::is_ascii_digit).collect();
        let is_number = !digits.is_empty() && !wanted.contains(|c: char| c.is_alphabetic() || c == '@');
        wanted.is_empty() || (is_number && phone.contains(&digits)) || actor.to_lowercase().contains(&wanted)
    }

    pub fn narrows(&self) -> bool {
        !(self.q.trim().is_empty() && self.group().is_none() && self.before.is_empty())
    }

    /// The task before which the page begins; none for the page of the newest.
    pub fn older_than(&self) -> Option<JobId> {
        self.before.parse().ok()
    }

    pub fn with_state(&self, state: &str) -> String {
        with_query(paths::JOBS, Self { state: state.to_owned(), before: String::new(), ..self.clone() })
    }

    pub fn older(&self, before: JobId) -> String {
        with_query(paths::JOBS, Self { before: before.to_string(), ..self.clone() })
    }

    pub fn events_url(&self) -> String {
        with_query(paths::JOBS_EVENTS, self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn searches_are_by_number_or_by_person() {
        let query = |q: &str| JobsQuery { q: q.into(), ..JobsQuery::default() };
        for (q, fits) in [
            ("", true),
            (" +999 66 2 ", true),
            ("0007", true),
            ("0008", false),
            ("ADA", true),
            ("bob@", false),
            ("@", true),
        ] {
            assert_eq!(query(q).finds("9996620007", "ada@example.org"), fits, "{q}");
        }
        let all = JobsQuery { state: "nonsense".into(), ..JobsQuery::default() };
        assert!(Group::ALL.into_iter().all(|group| all.wants(group)) && !all.narrows());
    }
}
