//! What the page of background tasks says.

use crate::domain::job::{JobKind, JobState, RemoveStep};

pub const fn kind(kind: JobKind) -> &'static str {
    match kind {
        JobKind::RemoveAccount => "Remove account",
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
