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
pub const STOPPED: &str = "Stopped.";

/// How far a task is that works on a list.
pub fn progress(progress: &Progress) -> String {
    let Progress { lines, done, failed, emails, emailed, emails_failed } = progress;
    let created = format!("{} of {lines} invites created", done.saturating_sub(*failed));
    let failed = if *failed == 0 { String::new() } else { format!(", {failed} failed") };
    let sent = match emails {
        0 => String::new(),
        _ => format!(", {} of {emails} e-mails sent", emailed.saturating_sub(*emails_failed)),
    };
    created + &failed + &sent
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
