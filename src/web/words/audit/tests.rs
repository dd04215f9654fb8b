use super::*;

/// Codes and details as the first edition stored them, one entry a line.
const FIRST_EDITION: &str =
    include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/audit_first_edition.tsv"));

#[test]
fn what_the_first_edition_stored_has_its_sentence() {
    for line in FIRST_EDITION.lines() {
        let (code, details) = line.split_once('\t').unwrap();
        let details = Some(details).filter(|details| !details.is_empty());
        let event = AuditEvent::read(code, details);
        let words = sentence(&event, Outcome::Done);
        assert!(!words.is_empty() && !words.contains(code) && !words.ends_with('.'), "{code}: {words}");
        for (name, value) in beside(details, &words) {
            assert!(!name.contains('_') && !value.is_empty(), "{code}: {name} {value}");
        }
    }
}

#[test]
fn sentences_name_people_and_outcomes() {
    let read = |code, details| AuditEvent::read(code, Some(details));
    let declined = read("reveal.refused", r#"{"kind":"two-step-password","person":"ada@example.org"}"#);
    let shown = read("login.code.shown", r#"{"approved_by":"bob@example.org"}"#);
    let denied = read("web.sign-in.refused", r#"{"person":"ada@example.org","why":"other-domain"}"#);
    for (event, outcome, expected) in [
        (
            &declined,
            Outcome::Done,
            "declined the request of ada@example.org to view the stored two-step password",
        ),
        (&shown, Outcome::Done, "viewed a login code, approved by bob@example.org"),
        (
            &denied,
            Outcome::Failed,
            "ada@example.org was denied access: addresses of this domain are not admitted",
        ),
        (&AuditEvent::CodeRequested, Outcome::Intent, "requested a login code: in progress"),
        (&AuditEvent::CodeRequested, Outcome::Unknown, "requested a login code: outcome unknown"),
        (&AuditEvent::read("role.added", None), Outcome::Done, "A role was created"),
        (&AuditEvent::read("account.teleported", None), Outcome::Done, "account.teleported"),
    ] {
        assert_eq!(sentence(event, outcome), expected);
    }
}

#[test]
fn statuses_and_actors_have_the_words_of_the_pages() {
    let changed = AuditEvent::read("account.stage", Some(r#"{"stage":"wait-code"}"#));
    let words = sentence(&changed, Outcome::Done);
    assert_eq!(words, "changed the status to “Code required”");
    assert_eq!(beside(Some(r#"{"stage":"wait-code"}"#), &words), []);
    for (stored, label) in [
        ("system:telegram", "Telegram"),
        ("system:telescope", "Telescope"),
        ("system:new-job", "new-job"),
        ("command line", "Command line"),
        ("ada@example.org", "ada@example.org"),
    ] {
        assert_eq!(actor(stored), label);
    }
    assert_eq!(stored_actor("identity PROVIDER"), "system:identity-provider");
    assert_eq!(stored_actor("ada@"), "ada@");
}

#[test]
fn details_are_told_once_and_in_plain_words() {
    let details = r#"{"before":[],"now":["view","login"],"role":"Desk","needed":true,"owner":null,"n":600}"#;
    let told = beside(Some(details), "changed what “Desk” may do in the group “view, login”");
    let mut told: Vec<_> = told.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    told.sort_unstable();
    let expected =
        [("before", "none"), ("n", "600"), ("needed", "yes"), ("now", "view, login"), ("owner", "none")];
    assert_eq!(told, expected);
    assert_eq!(beside(Some("[1"), ""), [("details".to_owned(), "[1".to_owned())]);
    assert_eq!(beside(None, ""), []);
}
