use super::*;
use crate::domain::privilege::{SystemPrivilege, SystemPrivileges};
use crate::domain::{Email, Identifier, Phone};

/// Codes and details as the first edition stored them, one entry a line.
const FIRST_EDITION: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/audit_first_edition.tsv"));

fn stored() -> impl Iterator<Item = (&'static str, Option<&'static str>)> {
    let lines = FIRST_EDITION.lines().map(|line| line.split_once('\t').unwrap());
    lines.map(|(code, details)| (code, Some(details).filter(|details| !details.is_empty())))
}

#[test]
fn entries_of_the_first_edition_are_read_and_written_unchanged() {
    for (code, details) in stored() {
        let event = AuditEvent::read(code, details);
        assert!(!matches!(event, AuditEvent::Unknown { .. }), "{code}: {details:?}");
        assert_eq!((event.code(), event.details().as_deref()), (code, details));
    }
    for kind in AuditKind::ALL {
        assert!(stored().any(|(code, _)| code == kind.code()), "add an entry of {} to the list", kind.code());
    }
}

#[test]
fn details_become_typed_values() {
    let ada = Email::parse("ada@example.org").unwrap();
    for (code, details, event) in [
        (
            "account.added",
            Some(r#"{"phone":"+9996620007","owner":null}"#),
            AuditEvent::AccountAdded { phone: Phone::test(2, 7).into(), owner: None },
        ),
        (
            "account.added",
            Some(r#"{"phone":"Bot 7000000042","owner":null}"#),
            AuditEvent::AccountAdded { phone: Identifier::parse("Bot 7000000042").unwrap(), owner: None },
        ),
        ("login.code.shown", None, AuditEvent::LoginCodeShown { approved_by: None }),
        (
            "login.code.shown",
            Some(r#"{"approved_by":"ada@example.org"}"#),
            AuditEvent::LoginCodeShown { approved_by: Some(ada.clone()) },
        ),
        (
            "web.sign-in.refused",
            Some(r#"{"person":"ada@example.org","why":"shut-out"}"#),
            AuditEvent::SignInRefused { person: ada, why: SignInDenied::Blocked },
        ),
        (
            "role.system.privileges",
            Some(r#"{"role":"Desk","now":["read_audit","fly"],"before":[]}"#),
            AuditEvent::SystemPrivilegesSet {
                role: "Desk".into(),
                now: SystemPrivileges::of(&[SystemPrivilege::ReadAudit]),
                before: SystemPrivileges::NONE,
            },
        ),
        ("telescope.stopped", None, AuditEvent::Stopped),
    ] {
        assert_eq!(AuditEvent::read(code, details), event, "{code}");
    }
}

#[test]
fn unreadable_entries_keep_their_text() {
    for (code, details) in [
        ("account.teleported", Some(r#"{"to":"the moon", "n":1}"#)),
        ("account.teleported", None),
        ("role.added", None),
        ("role.added", Some("[1")),
        ("role.added", Some(r#"{"role":7}"#)),
    ] {
        let event = AuditEvent::read(code, details);
        assert!(matches!(event, AuditEvent::Unknown { .. }), "{code}: {details:?}");
        assert_eq!((event.code(), event.details().as_deref()), (code, details));
    }
}
