//! Secrets that are revealed, and the approvals that they may need.

use askama::filters::Safe;

use super::deliveries::DONT_SHARE;
use super::moments::{Sentence, moment};
use crate::domain::error::ErrorCode;
use crate::domain::reveal::{RequestState, RevealKind, RevealRequest};
use crate::domain::{Email, Millis};
use crate::words::sentence;

/// What a page about one kind of secret says.
#[derive(Debug)]
pub struct SecretWords {
    /// The heading, before the account's number.
    pub title: &'static str,
    pub warning: &'static str,
    /// The button that shows it.
    pub show: &'static str,
    /// The button that waits for the next one, where there can be one.
    pub wait: Option<&'static str>,
    /// What needs an approval, where one is needed.
    pub needs: &'static str,
    /// Whether a QR code is sent for it.
    pub takes_qr: bool,
    /// In the list of requests.
    pub label: &'static str,
}

pub const fn secret(kind: RevealKind) -> &'static SecretWords {
    match kind {
        RevealKind::LoginCode => &SecretWords {
            title: "Login code of",
            warning: "Anyone with this code can log in to the account. Your reason is recorded in the audit log.",
            show: "Show login code",
            wait: Some("Wait for the next code"),
            needs: "A login code of this account is shown only after another person approves it.",
            takes_qr: false,
            label: "Login code",
        },
        RevealKind::TwoStepPassword => &SecretWords {
            title: "Stored two-step password of",
            warning: "Anyone with this password and a login code can take over the account. Your reason is recorded in \
                      the audit log.",
            show: "Show password",
            wait: None,
            needs: "The stored password of this account is shown only after another person approves it.",
            takes_qr: false,
            label: "Two-step password",
        },
        RevealKind::DeviceLogin => &SecretWords {
            title: "Log a device in to",
            warning: "On the new phone or computer, open Telegram and choose to log in by QR code. Telescope confirms the \
                      code with the account's own session, and the device is logged in. No login code is shown. Your \
                      reason is recorded in the audit log.",
            show: "Log device in",
            wait: None,
            needs: "A device is logged in to this account only after another person approves it. The QR code is sent \
                    after that, since it is valid for half a minute.",
            takes_qr: true,
            label: "Device login",
        },
    }
}

/// Below that, for a device: how others would misuse it.
pub const DEVICE_CAUTION: &str = "Only use the code of a device in front of you, or one that a person you know shows you. \
                                  The owner of the device will be able to read and write everything in the account.";

/// The notice of an emergency that all approvers see.
#[derive(Debug, PartialEq, Eq)]
pub struct EmergencyWords {
    /// For a notification.
    pub notice: &'static str,
    pub did: &'static str,
    /// Before the account's number.
    pub of: &'static str,
}

pub const fn emergency(kind: RevealKind) -> &'static EmergencyWords {
    match kind {
        RevealKind::LoginCode | RevealKind::TwoStepPassword => &EmergencyWords {
            notice: "A login code was viewed without approval.",
            did: "viewed a login code",
            of: "of",
        },
        RevealKind::DeviceLogin => &EmergencyWords {
            notice: "A device was logged in without approval.",
            did: "logged a device in",
            of: "to",
        },
    }
}

/// Beside a login code.
pub fn code_from(sent: Millis) -> Sentence {
    Safe(format!("Sent by Telegram at {}. {DONT_SHARE}", moment(sent)))
}

/// Beside a stored password.
pub fn password_from(stored: Millis, rejected: Option<Millis>) -> Sentence {
    let rejected = rejected.map(|at| format!(" Telegram rejected it at {}.", moment(at))).unwrap_or_default();
    Safe(format!("Stored at {}.{rejected}", moment(stored)))
}

pub const NO_CODE_CAME: &str = "No code arrived in time. Enter a reason to start again.";
pub const CODE_UNAVAILABLE: &str = "The code can't be shown right now. Start again.";

/// A notice after a decision; it names the request, because an earlier notice may still be there.
pub fn decided(request: &RevealRequest, approved: bool) -> String {
    let what = if approved { "Approved" } else { "Declined" };
    let secret = secret(request.kind).label.to_lowercase();
    format!("{what}: {secret} of {} for {}.", request.identifier, request.person)
}

pub const WITHDRAWN: &str = "Request withdrawn.";

pub const fn request_state(state: RequestState) -> &'static str {
    match state {
        RequestState::Waiting => "Pending",
        RequestState::Approved => "Approved",
        RequestState::Refused => "Declined",
        RequestState::Used => "Approved and used",
        RequestState::Expired => "Expired",
        RequestState::Withdrawn => "Withdrawn",
        RequestState::Voided => "Approval ended",
    }
}

/// Approvers that are named; of the others only the number.
const NAMED: usize = 5;

/// Who could approve a request.
pub fn approvers(approvers: &[Email]) -> String {
    let names: Vec<&str> = approvers.iter().take(NAMED).map(Email::as_str).collect();
    let more = match approvers.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    match names.as_slice() {
        [] => sentence(&ErrorCode::NoApprover),
        [one] => format!("{one} can approve it."),
        many => format!("Any of these people can approve it: {}{more}.", many.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn approvers_are_named_as_long_as_they_are_few() {
        let people = |count: usize| -> Vec<Email> {
            (1..=count).map(|number| Email::parse(&format!("p{number}@example.org")).unwrap()).collect()
        };
        assert_eq!(approvers(&people(0)), sentence(&ErrorCode::NoApprover));
        assert_eq!(approvers(&people(1)), "p1@example.org can approve it.");
        assert_eq!(
            approvers(&people(2)),
            "Any of these people can approve it: p1@example.org, p2@example.org."
        );
        assert!(approvers(&people(7)).ends_with("p5@example.org and 2 more."));
    }
}
