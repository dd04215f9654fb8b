//! The status of an account: the label of each login stage, what it means, and what to do next.

use super::bots;
use super::deliveries::{DONT_SHARE, sentence};
use super::login::email_reset;
use super::moments::utc;
use crate::domain::account::Frozen;
use crate::domain::direction::isolated;
use crate::domain::stage::{CodeDelivery, CodeSent, EmailReset, Recovery};
use crate::domain::{AccountKind, Secret, SessionEndReason, Snapshot, Stage};

/// The label on the badge of an account: that of its stage, unless Telegram has frozen it.
pub fn status(snapshot: &Snapshot) -> &str {
    if snapshot.is_frozen() { "Frozen" } else { label(&snapshot.stage) }
}

/// What the account's status means and what leads on.
pub fn status_meaning(snapshot: &Snapshot, kind: AccountKind) -> String {
    match snapshot.frozen.as_ref().filter(|_| snapshot.is_frozen()) {
        Some(frozen) => format!(
            "Telegram has frozen this account: it stays logged in and receives login codes, but it can't send messages \
             or change anything. {} Only its owner can appeal, in the official app.",
            frozen_dates(frozen)
        ),
        None => match kind {
            AccountKind::User => meaning(&snapshot.stage),
            AccountKind::Bot => bots::meaning(&snapshot.stage).unwrap_or_else(|| meaning(&snapshot.stage)),
        },
    }
}

/// Since when an account is frozen, and until when it can appeal.
pub fn frozen_dates(frozen: &Frozen) -> String {
    match (frozen.since, frozen.deleted_at) {
        (Some(since), Some(deleted)) => {
            format!("Frozen since {}. Telegram will delete it at {}.", utc(since), utc(deleted))
        }
        (Some(since), None) => format!("Frozen since {}.", utc(since)),
        (None, Some(deleted)) => format!("Telegram will delete it at {}.", utc(deleted)),
        (None, None) => "Frozen by Telegram.".into(),
    }
}

/// The label on a badge.
pub fn label(stage: &Stage) -> &str {
    match stage {
        Stage::Disconnected => "Disconnected",
        Stage::Starting => "Starting",
        Stage::Reconnecting => "Reconnecting",
        Stage::SignedOut => "Not logged in",
        Stage::Ended(SessionEndReason::LoggedOut) => "Logged out",
        Stage::Ended(_) => "Session ended",
        Stage::WaitCode(_) => "Code required",
        Stage::WaitPassword { .. } => "Password required",
        Stage::WaitEmailAddress => "E-mail address required",
        Stage::WaitEmailCode { .. } => "E-mail code required",
        Stage::WaitOtherDevice { .. } => "Confirmation required",
        Stage::WaitRegistration { .. } => "Not registered",
        Stage::WaitPremium { .. } => "Premium required",
        Stage::Ready => "Ready",
        Stage::LoggingOut => "Logging out",
        Stage::Closing => "Stopping",
        Stage::Failed(_) => "Failed",
        Stage::Quarantined => "Stopped after crashes",
        Stage::Other(name) => name,
    }
}

/// The label of a stage that is known by its name only, as the audit log has it; none for a name that no stage has.
pub fn label_of(name: &str) -> Option<&'static str> {
    STAGES.iter().find(|stage| stage.name() == name).map(label)
}

/// One stage of each name.
static STAGES: [Stage; 18] = [
    Stage::Disconnected,
    Stage::Starting,
    Stage::Reconnecting,
    Stage::SignedOut,
    Stage::Ended(SessionEndReason::LoggedOut),
    Stage::Ended(SessionEndReason::Unknown),
    Stage::WaitCode(CodeSent {
        way: CodeDelivery::Sms,
        length: 0,
        next: None,
        resend_from: None,
        no_other_way_until: None,
    }),
    Stage::WaitPassword { hint: String::new(), recovery: Recovery::Impossible },
    Stage::WaitEmailAddress,
    Stage::WaitEmailCode { pattern: String::new(), length: 0, reset: EmailReset::Impossible },
    Stage::WaitOtherDevice { link: Secret::empty() },
    Stage::WaitRegistration { is_allowed: false, terms: String::new() },
    Stage::WaitPremium { support: String::new() },
    Stage::Ready,
    Stage::LoggingOut,
    Stage::Closing,
    Stage::Failed(String::new()),
    Stage::Quarantined,
];

/// The cause, where the label doesn't say it.
pub fn detail(stage: &Stage) -> Option<&str> {
    match stage {
        Stage::Failed(reason) => Some(reason),
        Stage::Ended(SessionEndReason::LoggedOut) => None,
        Stage::Ended(reason) => Some(end_reason(*reason)),
        Stage::Quarantined => Some("TDLib crashed three times while loading this account"),
        Stage::Disconnected
        | Stage::Starting
        | Stage::Reconnecting
        | Stage::SignedOut
        | Stage::WaitCode(_)
        | Stage::WaitPassword { .. }
        | Stage::WaitEmailAddress
        | Stage::WaitEmailCode { .. }
        | Stage::WaitOtherDevice { .. }
        | Stage::WaitRegistration { .. }
        | Stage::WaitPremium { .. }
        | Stage::Ready
        | Stage::LoggingOut
        | Stage::Closing
        | Stage::Other(_) => None,
    }
}

const fn end_reason(reason: SessionEndReason) -> &'static str {
    match reason {
        SessionEndReason::LoggedOut => "logged out here",
        SessionEndReason::Revoked => "ended on another device",
        SessionEndReason::Expired => "inactive for too long",
        SessionEndReason::Deactivated => "the account was deleted",
        SessionEndReason::Banned => "banned by Telegram",
        SessionEndReason::KeyDuplicated => "used from two places at once",
        SessionEndReason::Lost => "session files lost",
        SessionEndReason::OtherAccount => "a different account logged in",
        SessionEndReason::Unknown => "ended by Telegram",
    }
}

/// What a stage means and what to do next, in a sentence or two.
pub fn meaning(stage: &Stage) -> String {
    let text = match stage {
        Stage::Disconnected => {
            "Telescope isn't connected to this account. Its Telegram session is kept, so reconnecting needs no code."
        }
        Stage::Starting => "The account is starting.",
        Stage::Reconnecting => {
            "TDLib stopped unexpectedly and is being restarted. You don't need a new code."
        }
        Stage::SignedOut => {
            "This account isn't logged in. Send a login code to start. Telegram allows only a few a day."
        }
        Stage::Ended(reason) => return after_end(*reason).into(),
        Stage::WaitCode(sent) => return sentence(sent),
        Stage::WaitPassword { recovery: Recovery::Impossible, .. } => {
            "This account also has a two-step password. It has no recovery e-mail address: if the password is lost, the owner \
             has to reset it in the official app."
        }
        Stage::WaitPassword { recovery: Recovery::Possible, .. } => {
            "This account also has a two-step password. If it is lost, Telegram can send a code to the recovery e-mail \
             address."
        }
        Stage::WaitPassword { recovery: Recovery::CodeSent { .. }, .. } => {
            "Telegram sent a recovery code by e-mail. With it, the two-step password is removed or replaced."
        }
        Stage::WaitEmailAddress => "Telegram requires an e-mail address for the logins of this account.",
        Stage::WaitEmailCode { pattern, reset, .. } => {
            return format!(
                "Telegram sent the code to the account's login e-mail address {}.{} {DONT_SHARE}",
                isolated(pattern),
                email_reset(reset)
            );
        }
        Stage::WaitOtherDevice { .. } => {
            "Scan this code with a phone that is logged in to this account: in Telegram, Settings, Devices, Link Desktop \
             Device. Telegram replaces the code every half minute; this page shows the new one."
        }
        Stage::WaitRegistration { is_allowed: true, .. } => {
            "This number has no Telegram account. In the test environment, it can be registered here."
        }
        Stage::WaitRegistration { is_allowed: false, .. } => {
            "This number has no Telegram account. Sign up in the official app, then come back: since 2023, Telegram lets \
             no other app register numbers."
        }
        Stage::WaitPremium { support } if support.is_empty() => {
            "Telegram requires Premium before it sends a code to this number. Buy it in the official app, or log in with a \
             QR code."
        }
        Stage::WaitPremium { support } => {
            return format!(
                "Telegram requires Premium before it sends a code to this number. Buy it in the official app, or log in \
                 with a QR code. Telegram answers questions at {}.",
                isolated(support)
            );
        }
        Stage::Ready => "Logged in and ready.",
        Stage::LoggingOut => "The Telegram session is being ended.",
        Stage::Closing => "The account is being disconnected.",
        Stage::Failed(reason) => return format!("{reason} Connect to try again."),
        Stage::Quarantined => {
            "TDLib crashed three times while loading this account, so Telescope stopped it to protect the other \
             accounts. Its files are untouched. Connect to try again. If it crashes once more, contact your Telescope \
             administrator."
        }
        Stage::Other(name) => {
            return format!("TDLib reports the state “{name}”, which this version doesn't support.");
        }
    };
    text.into()
}

const fn after_end(reason: SessionEndReason) -> &'static str {
    match reason {
        SessionEndReason::LoggedOut => "This account was logged out here. Send a login code to log in again.",
        SessionEndReason::Revoked => {
            "This session was ended from another device of the account. If that's unexpected, talk to the account's \
             owner. Send a login code to log in again."
        }
        SessionEndReason::Expired => {
            "Telegram ended this session because it was inactive for too long. Send a login code to log in again."
        }
        SessionEndReason::Deactivated => {
            "The account was deleted at Telegram. Its number can be registered again in the official app. Here, you can \
             only remove it."
        }
        SessionEndReason::Banned => {
            "Telegram banned this account and ended its sessions. Only Telegram can lift the ban: the owner can write \
             to recover@telegram.org from the official app. After that, send a login code."
        }
        SessionEndReason::KeyDuplicated => {
            "Telegram ended this session because it was used from two places at once. A copy of its files may be \
             running elsewhere: find and destroy that copy, then send a login code."
        }
        SessionEndReason::Lost => {
            "This account was logged in, but its files are missing or damaged. Restore its folder from a backup and \
             connect, or send a login code. The lost session is still active at Telegram: end it on another device."
        }
        SessionEndReason::OtherAccount => {
            "A different Telegram account logged in, so Telescope logged it out again. Log in with this account's number, or \
             add the other account separately."
        }
        SessionEndReason::Unknown => {
            "Telegram ended this session without giving a reason. Send a login code to log in again."
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stored_stages_have_the_labels_of_the_pages() {
        for (name, label) in
            [("wait-code", "Code required"), ("signed-out", "Not logged in"), ("ended", "Session ended")]
        {
            assert_eq!(label_of(name), Some(label));
        }
        assert_eq!(label_of("no-such-stage"), None);
    }
}
