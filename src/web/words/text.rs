//! Words: what each situation of an account means, and what one can do about it.

use time::OffsetDateTime;
use time::macros::format_description;

use crate::domain::stage::{CodeDelivery, CodeSent};
use crate::domain::{Millis, SessionEndReason, Stage};

/// A moment as people read it, in UTC.
pub fn moment(at: Millis) -> String {
    let format = format_description!("[year]-[month]-[day] [hour]:[minute]:[second] UTC");
    OffsetDateTime::from_unix_timestamp(at.0.div_euclid(1000))
        .ok()
        .and_then(|time| time.format(format).ok())
        .unwrap_or_default()
}

/// A moment as part of a file's name.
pub fn stamp(at: Millis) -> String {
    at.rfc3339().chars().filter(char::is_ascii_alphanumeric).take("20261121T143000".len()).collect()
}

/// What a stage means, in a sentence or two.
pub fn meaning(stage: &Stage) -> String {
    match stage {
        Stage::Disconnected => {
            "The client does not run. A session at Telegram stays as it is; to connect again needs no code.".into()
        }
        Stage::Starting => "The client is starting.".into(),
        Stage::Reconnecting => "TDLib ended unexpectedly and is being started again. No code is needed.".into(),
        Stage::SignedOut => {
            "Nobody is signed in to this account here. Ask for a code to begin; Telegram allows only a few a day."
                .into()
        }
        Stage::Ended(ending) => after(*ending).into(),
        Stage::WaitCode(sent) => code_sent(sent),
        Stage::WaitPassword { can_recover, .. } => format!(
            "The code was right. This account also has a two-step password.{}",
            if *can_recover { " Its owner can recover it by e-mail in the official app." } else { "" }
        ),
        Stage::WaitEmailAddress => {
            "Telegram wants an e-mail address for logins before it goes on. Set one in the official app, then \
             ask for a code again."
                .into()
        }
        Stage::WaitEmailCode { .. } => {
            "Telegram sent a code to the account's login e-mail address. This version can't take it yet; ask \
             for a code again to use another way."
                .into()
        }
        Stage::WaitOtherDevice => "Telegram wants this login confirmed on a device that is signed in.".into(),
        Stage::WaitRegistration => {
            "This number has no Telegram account. Telegram no longer lets other apps register; sign up in the \
             official app, then come back."
                .into()
        }
        Stage::WaitPremium => "Telegram wants Premium bought before it sends a code to this number.".into(),
        Stage::Ready => "Signed in. Telescope holds this session.".into(),
        Stage::LoggingOut => "The session is being ended.".into(),
        Stage::Closing => "The client is stopping.".into(),
        Stage::Failed(reason) => format!("{reason} Connect to try again."),
        Stage::Quarantined => "TDLib crashed three times while it loaded this account, so the account is left \
                               alone for the sake of the others. Its files stay as they are. Connect tries again; \
                               if it crashes once more, tell whoever runs Telescope."
            .into(),
        Stage::Other(name) => format!("TDLib is in the state “{name}”, which this version does not know."),
    }
}

/// What to do after the end of a session.
const fn after(ending: SessionEndReason) -> &'static str {
    match ending {
        SessionEndReason::LoggedOut => "The session was ended here. To sign in again, ask for a code.",
        SessionEndReason::Revoked => {
            "Telegram has ended this session: somebody ended it on another device of the account. If that was not \
             agreed upon, talk to its owner; to sign in again, ask for a code."
        }
        SessionEndReason::Expired => {
            "Telegram has ended this session, because it was not used for too long. To sign in again, ask for a code."
        }
        SessionEndReason::Deactivated => {
            "The account was deleted at Telegram. Its number can begin a new one in the official app; here it can \
             only be removed."
        }
        SessionEndReason::Banned => {
            "Telegram has banned this account and ended its sessions. Only Telegram can lift that: its owner \
             writes to recover@telegram.org from the official app. Then ask for a code."
        }
        SessionEndReason::KeyDuplicated => {
            "Telegram has ended this session, because it was used from two places at once: perhaps a copy of its \
             files was started elsewhere. Find that copy and destroy it, then ask for a code."
        }
        SessionEndReason::Lost => {
            "This account was signed in, but its files are gone or damaged. Put its folder back from a backup and connect \
             again, or ask for a code. The lost session is still listed at Telegram: end it there."
        }
        SessionEndReason::Unknown => {
            "Telegram has ended this session without a reason. To sign in again, ask for a code."
        }
    }
}

fn code_sent(sent: &CodeSent) -> String {
    let way = match &sent.way {
        CodeDelivery::Telegram => {
            "Telegram sent a code as a message to the devices that are signed in to this account."
        }
        CodeDelivery::Sms => "Telegram sent a code by text message.",
        CodeDelivery::Call => "Telegram tells the code in a voice call.",
        CodeDelivery::FlashCall => "Telegram calls and hangs up; the calling number is the code.",
        CodeDelivery::MissedCall => {
            "Telegram calls once; the last digits of the calling number are the code."
        }
        CodeDelivery::Fragment => "Telegram sent the code to fragment.com, where this number belongs.",
        CodeDelivery::Other(way) => return format!("Telegram sent a code by {way}."),
    };
    let length = if sent.length > 0 { format!(" It has {} digits.", sent.length) } else { String::new() };
    let next = match &sent.next {
        Some(CodeDelivery::Sms) => " If it does not arrive, asking again sends a text message.",
        Some(CodeDelivery::Call) => " If it does not arrive, asking again makes a voice call.",
        Some(_) => " If it does not arrive, asking again tries another way.",
        None => "",
    };
    format!("{way}{length}{next} Do not pass it on in Telegram: that makes it worthless at once.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_utc() {
        assert_eq!(moment(Millis(0)), "1970-01-01 00:00:00 UTC");
        assert_eq!(moment(Millis(1_795_236_314_999)), "2026-11-21 04:45:14 UTC");
        assert_eq!(Millis(1_795_236_314_009).rfc3339(), "2026-11-21T04:45:14.009Z");
        assert_eq!(stamp(Millis(1_795_236_314_009)), "20261121T044514");
    }

    #[test]
    fn a_code_says_where_it_went_and_what_comes_next() {
        let sent = CodeSent {
            way: CodeDelivery::Telegram,
            length: 5,
            next: Some(CodeDelivery::Sms),
            resend_from: None,
        };
        let words = meaning(&Stage::WaitCode(sent));
        for part in ["devices that are signed in", "5 digits", "text message"] {
            assert!(words.contains(part), "{words}");
        }
    }
}
