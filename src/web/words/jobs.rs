//! What the page of background tasks says.

use crate::domain::job::{JobKind, JobState, Progress, RemoveStep};
use crate::web::pages::jobs::query::Group;

/// Tasks that are looked for together.
pub const fn group(group: Group) -> &'static str {
    match group {
        Group::Running => "In progress",
        Group::Failing => "Needs attention",
        Group::Finished => "Finished",
    }
}

pub const fn kind(kind: JobKind) -> &'static str {
    match kind {
        JobKind::RemoveAccount => "Remove account",
        JobKind::CreateInvites => "Create invites from a list",
    }
}

pub const RETRIED: &str = "Trying again.";

/// How far a task is that works on a list.
pub fn progress(progress: &Progress) -> String {
    let Progress { lines, done, failed } = progress;
    match failed {
        0 => format!("{done} of {lines} invites created"),
        _ => format!("{} of {lines} invites created, {failed} failed", done.saturating_sub(*failed)),
    }
}

pub const fn state(state: JobState, has_error: bool) -> &'static str {
    match state {
        JobState::Waiting if has_error => "Retrying",
        JobState::Waiting => "In progress",
        JobState::Failed => "Failed",
        JobState::Done => "Done",
    }
}

pub const fn step(step: RemoveStep) -> &'static str {
    match step {
        RemoveStep::LogOut => "ending the Telegram session",
        RemoveStep::Destroy => "deleting the account's files",
        RemoveStep::Forget => "deleting the account",
    }
}
