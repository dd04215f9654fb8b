//! What the page of background tasks says.

use crate::domain::Email;
use crate::domain::job::{JobKind, JobState, Progress, RemoveStep};
use crate::domain::job_line::{Action, ActionKind, LineState};
use crate::domain::stage::Severity;
use crate::web::pages::jobs::query::Group;
use crate::web::words::offboarding;
use crate::words::quoted;

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
        JobKind::ChangeAccounts => "Change accounts",
        JobKind::OffBoard => "Off-board a person",
    }
}

pub const OPEN_LIST: &str = "Open list";
pub const OPEN_TASK: &str = "Open task";

pub const RETRIED: &str = "Trying again.";
pub const STOPPED: &str = "Stopped.";

/// How far a task is that has lines.
pub fn progress(kind: JobKind, progress: &Progress) -> String {
    let Progress { lines, done, failed, emails, emailed, emails_failed } = progress;
    let what = match kind {
        JobKind::CreateInvites => "invites created",
        JobKind::RemoveAccount | JobKind::ChangeAccounts | JobKind::OffBoard => "done",
    };
    let created = format!("{} of {lines} {what}", done.saturating_sub(*failed));
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

/// What a task does with each account.
pub const fn action(action: ActionKind) -> &'static str {
    match action {
        ActionKind::Connect => "Connect",
        ActionKind::Disconnect => "Disconnect",
        ActionKind::ChangeOwner => "Change owner",
        ActionKind::AddGroup => "Add to a group",
        ActionKind::RemoveGroup => "Remove from a group",
        ActionKind::EndOtherDevices => "End all other devices",
        ActionKind::NewTwoStepPassword => "New two-step password",
        ActionKind::Person => "Off-board a person",
    }
}

/// The title of an off-boarding.
pub fn off_board(person: &Email) -> String {
    format!("Off-board {person}")
}

/// What a line does.
pub fn action_with_details(planned: &Action) -> String {
    match planned {
        Action::ChangeOwner { owner: Some(owner) } => format!("Change owner to {owner}"),
        Action::ChangeOwner { owner: None } => "Remove owner".into(),
        Action::AddGroup { group_name, .. } => format!("Add to group {}", quoted(group_name)),
        Action::RemoveGroup { group_name, .. } => format!("Remove from group {}", quoted(group_name)),
        Action::Person(action) => offboarding::person(action),
        Action::Connect | Action::Disconnect | Action::EndOtherDevices | Action::NewTwoStepPassword => {
            action(planned.kind()).into()
        }
    }
}

/// What became of a line, and how urgent that is. `waits` says whether it was tried and has to wait.
pub const fn line(state: LineState, waits: bool) -> (&'static str, Severity) {
    match state {
        LineState::Waiting | LineState::Begun if waits => ("Retrying", Severity::Waiting),
        LineState::Waiting => ("Not started", Severity::Off),
        LineState::Begun => ("In progress", Severity::Moving),
        LineState::Done => ("Done", Severity::Good),
        LineState::Failed => ("Failed", Severity::Bad),
        LineState::Unknown => ("Unknown", Severity::Bad),
        LineState::Stopped => ("Stopped", Severity::Off),
    }
}

/// In the audit log.
pub fn started(action: &str, lines: u64, about: Option<&Email>) -> String {
    if let Some(person) = about {
        return format!("started to off-board {person}: {}", many(lines));
    }
    format!("started a bulk task with {}: {}", many(lines), action.replace('-', " "))
}

pub fn stopped(lines: u64) -> String {
    format!("stopped a bulk task with {} left", many(lines))
}

pub fn retried(lines: u64) -> String {
    format!("retried {} of a bulk task", many(lines))
}

fn many(lines: u64) -> String {
    if lines == 1 { "one step".into() } else { format!("{lines} steps") }
}

/// The state of a task that has ended, though not all of it was done.
pub const INCOMPLETE: &str = "Not all done";
pub const CHANGE: &str = "Change accounts";

/// What to know before many accounts are changed in this way.
pub const fn warning(action: ActionKind) -> Option<&'static str> {
    match action {
        ActionKind::Connect | ActionKind::AddGroup | ActionKind::RemoveGroup | ActionKind::Person => None,
        ActionKind::Disconnect => Some(
            "While an account is disconnected, no login codes can be read from it. Its session at Telegram stays.",
        ),
        ActionKind::ChangeOwner => Some("The current owners lose the access that ownership gives them."),
        ActionKind::EndOtherDevices => Some(
            "Every device except Telescope is logged out of these accounts, including the owners' phones. Logging in \
             again needs a new login code for each account.",
        ),
        ActionKind::NewTwoStepPassword => Some(
            "Each account gets a new random password at Telegram, which is stored encrypted. Devices that are logged in \
             stay logged in; new logins need the new password.",
        ),
    }
}

pub fn accounts(accounts: usize) -> String {
    if accounts == 1 { "one account".into() } else { format!("{accounts} accounts") }
}
