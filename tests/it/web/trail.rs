//! The page of the audit trail: looking for entries, and what is said of a search that makes no sense.

use telescope::domain::access::Actor;
use telescope::domain::audit::{AuditEntry, AuditEvent};
use telescope::ops::trail;

use super::app::{ADMIN, TestApp};

/// Writes entries of the command line as if each had happened a second after the one before.
async fn write(test: &TestApp, events: impl IntoIterator<Item = AuditEvent>) {
    for event in events {
        test.app.journal.put(AuditEntry::done(test.app.clock.now(), &Actor::Cli, event));
        test.app.clock.advance(1);
    }
    trail::flush(&test.app).await.unwrap();
}

#[tokio::test]
async fn entries_are_found_and_said_in_words() {
    let test = TestApp::new().await;
    let account = test.account(7, None).await;
    let root = test.signed_in(ADMIN).await;
    root.post(&format!("/accounts/{account}/disconnect"), &[]).await;
    write(&test, [AuditEvent::Stopped]).await;
    let page = root.get("/audit").await;
    assert_eq!(page.status, 200);
    let words = page.texts("#trail .what");
    assert_eq!(words[0], "stopped in order telescope.stopped");
    assert_eq!(words[1], "wants it disconnected account.wanted");
    assert_eq!(page.texts("#trail .subject a"), ["+9996620007"]);
    for (query, expected) in [
        ("actor=ROOT", vec!["account.wanted", "web.sign-in"]),
        ("actor=command+line", vec!["telescope.stopped"]),
        ("account=620007", vec!["account.wanted"]),
        (&format!("account={account}"), vec!["account.wanted"]),
        ("code=telescope.*", vec!["telescope.stopped"]),
        ("code=web.sign-in", vec!["web.sign-in"]),
        ("outcome=failed", vec![]),
        ("from=2099-01-01", vec![]),
        ("until=2020-01-01", vec![]),
        ("from=2020-01-01&actor=root&code=web.*&outcome=done", vec!["web.sign-in"]),
    ] {
        let page = root.get(&format!("/audit?{query}")).await;
        let codes = page.texts("#trail .what code");
        // The settings make an administrator of him at his first sight.
        let codes: Vec<&str> =
            codes.iter().map(String::as_str).filter(|code| *code != "person.admin.granted").collect();
        assert_eq!((page.status.as_u16(), codes), (200, expected), "{query}");
    }
    assert!(root.get("/audit?actor=nobody").await.has("#trail-empty"));
}

#[tokio::test]
async fn what_is_wrong_is_said_beside_its_field_and_the_form_is_kept() {
    let test = TestApp::new().await;
    let root = test.signed_in(ADMIN).await;
    for (field, typed) in [
        ("account", "abc"),
        ("code", "no.such.kind"),
        ("outcome", "perhaps"),
        ("from", "yesterday"),
        ("until", "2026-02-30"),
        ("until", "2026-11-21 25:00"),
        ("before", "first"),
    ] {
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("actor", "ada"), (field, typed)])
            .finish();
        let page = root.get(&format!("/audit?{query}")).await;
        assert_eq!(page.status, 422, "{query}");
        assert!(page.has(&format!("#{field}-error")), "{query}: {}", page.body);
        assert_eq!(page.attributes("#actor", "value"), ["ada"], "{query}");
        if ["account", "from", "until"].contains(&field) {
            let css = format!("#{field}[aria-invalid='true'][aria-describedby='{field}-error']");
            assert_eq!(page.attributes(&css, "value"), [typed]);
        }
        assert!(!page.has("#trail tr"), "nothing is looked for");
    }
    let page = root.get("/audit?from=2026-11-21&until=2026-11-20").await;
    assert_eq!(page.texts("#until-error"), ["The end lies before the beginning."]);
}

#[tokio::test]
async fn older_entries_are_a_page_further() {
    let test = TestApp::new().await;
    let root = test.signed_in(ADMIN).await;
    write(&test, (0..150).map(|_| AuditEvent::Stopped)).await;
    let page = root.get("/audit?code=telescope.stopped&actor=line").await;
    assert_eq!(page.texts("#trail tr").len(), 100);
    let older = page.attributes("#trail-pager a", "href").remove(0);
    assert!(older.contains("code=telescope.stopped") && older.contains("actor=line"), "{older}");
    let page = root.get(&older).await;
    assert_eq!(page.texts("#trail tr").len(), 50);
    assert!(!page.has("#trail-pager a"));
}
