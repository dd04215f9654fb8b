//! What the entries of the audit log say.

use crate::domain::audit::{AuditEvent, SignInDenied, TrailFault, codes};

pub use super::moments::{moment, stamp};

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
}
