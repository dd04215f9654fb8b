//! What follows for a line from the result of its action.

use std::time::Duration;

use crate::domain::backoff::Backoff;
use crate::domain::device::DeviceError;
use crate::domain::error::{ErrorCode, TwoStepFault};
use crate::domain::job_line::{LineState, LineSubject};
use crate::domain::{DesiredState, Millis};
use crate::ops::{App, OpError};
use crate::store::job_lines::{Line, Postponed};
use crate::words::sentence;

/// The pauses between attempts without a result, and how many there are before a line fails.
const PAUSES: Backoff = Backoff::new(Duration::from_secs(2), Duration::from_secs(60));
const ATTEMPTS: i64 = 8;
/// The longest wait that Telegram may demand, in seconds.
const LONGEST_WAIT: i64 = 24 * 60 * 60;

pub(super) enum Next {
    Finished(LineState, Option<String>),
    Retry(Postponed),
}

/// How a failure is dealt with.
enum FailureKind {
    /// It is final.
    Final,
    /// Telegram demands a pause of so many seconds.
    Wait(i64),
    /// Not done, and may be done soon.
    Temporary,
    /// Done or not.
    Unknown,
}

pub(super) fn after(app: &App, line: &Line, result: Result<(), OpError>) -> Next {
    let error = match result {
        Ok(()) => return Next::Finished(LineState::Done, None),
        Err(error) => error,
    };
    if let OpError::Internal(error) = &error {
        tracing::error!(?error, "a line of a task failed");
    }
    let code = error.code();
    let why = sentence(&code);
    let now = app.clock.now();
    match kind(app, line, &code) {
        FailureKind::Final => Next::Finished(LineState::Failed, Some(why)),
        FailureKind::Wait(seconds) => {
            let not_before = now.plus_seconds(seconds.saturating_add(1));
            Next::Retry(Postponed { not_before, why, counts: false, is_begun: false })
        }
        FailureKind::Temporary => without_result(line, now, (LineState::Failed, why), false),
        FailureKind::Unknown => without_result(line, now, (LineState::Unknown, why), true),
    }
}

/// It is not known yet whether an action that was begun was done.
pub(super) fn pending(line: &Line, now: Millis) -> Next {
    let why = sentence(&ErrorCode::TwoStep { fault: TwoStepFault::Unknown });
    without_result(line, now, (LineState::Unknown, why), true)
}

/// The next attempt after one without a result, or the state that the line ends in.
fn without_result(line: &Line, now: Millis, (state, why): (LineState, String), is_begun: bool) -> Next {
    if line.attempts + 1 >= ATTEMPTS {
        return Next::Finished(state, Some(why));
    }
    let not_before = now.plus_seconds(pause(line.attempts));
    Next::Retry(Postponed { not_before, why, counts: true, is_begun })
}

/// Seconds to wait after an attempt without a result that follows this many earlier ones.
fn pause(attempts: i64) -> i64 {
    let failures = u32::try_from(attempts.max(0)).unwrap_or(u32::MAX).saturating_add(1);
    i64::try_from(PAUSES.after(failures).as_secs()).unwrap_or(i64::MAX)
}

fn kind(app: &App, line: &Line, code: &ErrorCode) -> FailureKind {
    if let Some(seconds) = demanded_wait(code).filter(|seconds| *seconds <= LONGEST_WAIT) {
        return FailureKind::Wait(seconds);
    }
    if let ErrorCode::Disconnected
    | ErrorCode::NotExpectedNow
    | ErrorCode::TwoStep { fault: TwoStepFault::NotReady }
    | ErrorCode::Device { why: DeviceError::NotLoggedIn } = code
        && is_starting(app, line)
    {
        return FailureKind::Temporary;
    }
    if let ErrorCode::Busy | ErrorCode::TwoStep { fault: TwoStepFault::Unsettled } = code {
        return FailureKind::Temporary;
    }
    if let ErrorCode::TwoStep { fault: TwoStepFault::Unknown }
    | ErrorCode::TelegramUnreachable
    | ErrorCode::DatabaseUnavailable
    | ErrorCode::TakenOver
    | ErrorCode::Internal = code
    {
        return FailureKind::Unknown;
    }
    FailureKind::Final
}

fn demanded_wait(code: &ErrorCode) -> Option<i64> {
    if let ErrorCode::TelegramRefused { why } = code {
        return why.wait_seconds();
    }
    if let ErrorCode::FloodWait { seconds } = code { Some(*seconds) } else { None }
}

/// Whether the account's client is on its way, as after a start of the server.
fn is_starting(app: &App, line: &Line) -> bool {
    let Some(LineSubject::Account(id)) = line.planned.as_ref().map(|planned| planned.subject) else {
        return false;
    };
    app.live.accounts.get(id).is_some_and(|entry| {
        entry.account.wanted == DesiredState::Connected && entry.snapshot.stage.is_passing()
    })
}

#[cfg(test)]
mod tests {
    use super::{ATTEMPTS, pause};

    #[test]
    fn a_line_is_tried_for_some_minutes() {
        let waited: i64 = (0..ATTEMPTS - 1).map(pause).sum();
        assert!((120..600).contains(&waited), "{waited}");
        assert_eq!(pause(-1), 2);
    }
}
