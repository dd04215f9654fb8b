//! Words: what each situation of an account means, and what one can do about it.

use time::OffsetDateTime;
use time::macros::format_description;

use crate::domain::audit::{AuditEvent, SignInDenied, TrailFault, codes};
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

/// An entry of the audit trail as a sentence without its subject: "asked Telegram for a code".
pub fn event(code: &str, outcome: &str, details: Option<&str>) -> String {
    let details: serde_json::Value =
        details.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let detail = |name: &str| details.get(name).and_then(|value| value.as_str()).unwrap_or("").to_owned();
    let approved = match detail("approved_by") {
        by if by.is_empty() => by,
        by => format!(", approved by {by}"),
    };
    let what = if detail("kind") == "login-code" { "a login code" } else { "the stored two-step password" };
    let words = match code {
        "account.added" => "added the account".into(),
        "account.wanted" => format!("wants it {}", detail("wanted")),
        "account.edited" => "edited owner, comment or groups".into(),
        "account.stage" => format!("came to the stage “{}”", detail("stage").replace('-', " ")),
        "login.code.asked" => "asked Telegram for a code".into(),
        "login.code.shown" => format!("looked at a login code{approved}"),
        "login.input.provided" => format!("gave Telegram the {}", detail("input")),
        "audit.sealed" => "sealed the entries before under a new master key".into(),
        AuditEvent::TRAIL_MISMATCH => "found the audit trail changed".into(),
        "audit.exported" => format!("took the audit trail out as {}", detail("format")),
        "audit.blanked" => format!(
            "took the details out of {} entries before {}",
            details.get("entries").and_then(serde_json::Value::as_u64).unwrap_or_default(),
            detail("before").get(..10).unwrap_or_default()
        ),
        "password.stored" => "stored a two-step password".into(),
        "password.shown" => format!("looked at the stored two-step password{approved}"),
        "reveal.requested" => format!("asked for approval to see {what}"),
        "reveal.approved" => format!("approved that {} sees {what}", detail("person")),
        "reveal.refused" => format!("refused to let {} see {what}", detail("person")),
        "reveal.expired" => format!("let the request of {} to see {what} expire", detail("person")),
        "group.approval" if details.get("needed").and_then(serde_json::Value::as_bool) == Some(true) => {
            format!("wants approvals for the accounts of “{}”", detail("group"))
        }
        "group.approval" => format!("wants no approvals any more for the accounts of “{}”", detail("group")),
        "session.logged-out" => "ended the session at Telegram".into(),
        "account.removal.log-out-skipped" => "lets the removal go on without ending the session".into(),
        "account.removal.retried" => "lets the removal try again".into(),
        "account.folder.destroyed" => "removed the account's folder".into(),
        "account.removed" => "removed the account".into(),
        "person.sessions.ended" => format!("ended every session of {}", detail("person")),
        "person.disabled" => format!("shut {} out", detail("person")),
        "person.enabled" => format!("let {} in again", detail("person")),
        "person.roles.provider" => format!("gave {} the roles of the provider's groups", detail("person")),
        "person.admin.granted" => format!("made {} an administrator", detail("person")),
        "person.admin.revoked" => format!("took administration away from {}", detail("person")),
        "person.identity.forgotten" => format!("had the identity of {} forgotten", detail("person")),
        "web.sign-in" => "signed in".into(),
        "web.sign-in.refused" => {
            let why = SignInDenied::ALL
                .iter()
                .find(|why| why.name() == detail("why"))
                .map_or("", |why| why.words());
            return format!("{} was not let in: {why}", detail("person"));
        }
        "web.sign-out" => "signed out".into(),
        "telescope.started" => format!("started, version {}", detail("version")),
        "telescope.stopped" => "stopped in order".into(),
        "role.added" => format!("made the role “{}”", detail("role")),
        "role.renamed" => format!("renamed the role “{}” to “{}”", detail("before"), detail("role")),
        "role.deleted" => format!("deleted the role “{}”", detail("role")),
        "role.given" => format!("gave {} the role “{}”", detail("person"), detail("role")),
        "role.taken" => format!("took the role “{}” from {}", detail("role"), detail("person")),
        "role.group.privileges" => {
            format!("set what “{}” may do in the group “{}”", detail("role"), detail("group"))
        }
        "role.system.privileges" => format!("set what “{}” may do with the system", detail("role")),
        "group.added" => format!("made the group “{}”", detail("group")),
        "group.renamed" => format!("renamed the group “{}” to “{}”", detail("before"), detail("group")),
        "group.deleted" => format!("deleted the group “{}”", detail("group")),
        "group.account.joined" => format!("put it into the group “{}”", detail("group")),
        "group.account.left" => format!("took it out of the group “{}”", detail("group")),
        other => codes::meaning(other).to_owned(),
    };
    match outcome {
        "done" => words,
        "failed" => format!("{words}: refused"),
        "unknown" => format!("{words}: nobody knows how it went"),
        _ => format!("{words}: about to"),
    }
}

/// Details that sentences have in them. What changed is always told by itself: a name that somebody chose may look like
/// it.
const IN_SENTENCES: [&str; 9] =
    ["approved_by", "entries", "format", "group", "input", "kind", "person", "role", "stage"];

/// What the details of an entry say beside its sentence, as names and values.
pub fn beside(details: Option<&str>, sentence: &str) -> Vec<(String, String)> {
    let Some(text) = details else { return Vec::new() };
    let Ok(serde_json::Value::Object(details)) = serde_json::from_str(text) else {
        return vec![("details".into(), text.to_owned())];
    };
    let said = |(name, value): &(String, String)| {
        IN_SENTENCES.contains(&name.as_str())
            && (sentence.contains(value) || sentence.contains(&value.replace('-', " ")))
    };
    let plain = details.into_iter().map(|(name, value)| (name, plain(&value)));
    plain.filter(|it| !said(it)).map(|(name, value)| (name.replace('_', " "), value)).collect()
}

/// A value as people write it.
fn plain(value: &serde_json::Value) -> String {
    use serde_json::Value;
    match value {
        Value::Null => "none".into(),
        Value::Bool(yes) => if *yes { "yes" } else { "no" }.into(),
        Value::String(text) => text.clone(),
        Value::Array(values) if values.is_empty() => "nothing".into(),
        Value::Array(values) => values.iter().map(plain).collect::<Vec<_>>().join(", "),
        Value::Number(_) | Value::Object(_) => value.to_string(),
    }
}

/// What is wrong with the audit trail, by the details of the entry that says so.
pub fn trail_fault(details: Option<&str>) -> &'static str {
    let details: serde_json::Value =
        details.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let name = details.get("fault").and_then(|fault| fault.as_str());
    TrailFault::ALL.iter().find(|fault| Some(fault.name()) == name).map_or("", |fault| fault.words())
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
    fn details_are_told_once_and_in_plain_words() {
        let details =
            r#"{"before":[],"now":["view","login"],"role":"EditContext","needed":true,"owner":null,"n":600}"#;
        let told = beside(Some(details), "set what “Desk” may do in the group “view, login”");
        let mut told: Vec<_> = told.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        told.sort_unstable();
        let expected = [
            ("before", "nothing"),
            ("n", "600"),
            ("needed", "yes"),
            ("now", "view, login"),
            ("owner", "none"),
        ];
        assert_eq!(told, expected);
        assert_eq!(beside(Some("[1"), ""), [("details".to_owned(), "[1".to_owned())]);
        assert_eq!(beside(None, ""), []);
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
