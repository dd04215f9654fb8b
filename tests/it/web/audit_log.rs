//! The audit log's page: searching, errors of a search, live updates.

use telescope::domain::access::Principal;
use telescope::domain::audit::{AuditEntry, AuditEvent};
use telescope::ops::audit::queue;

use telescope::clock::Clock;
use telescope::store::{self, Conn};

use super::app::{ADMIN, TestApp};
use super::live::next;

/// Writes entries of the command line, one second apart.
async fn write(test: &TestApp, events: impl IntoIterator<Item = AuditEvent>) {
    for event in events {
        test.app.audit_queue.put(AuditEntry::done(test.app.clock.now(), &Principal::Cli, event));
        test.app.clock.advance(1);
    }
    queue::flush(&test.app).await.unwrap();
}

#[tokio::test]
async fn entries_are_found_and_described() {
    let test = TestApp::new().await;
    let account = test.account(7, None).await;
    let root = test.signed_in(ADMIN).await;
    root.post(&format!("/accounts/{account}/disconnect"), &[]).await;
    write(&test, [AuditEvent::Stopped]).await;
    let page = root.get("/audit").await;
    assert_eq!(page.status, 200);
    let words = page.texts("#audit-entries .what");
    assert_eq!(words[0], "stopped telescope.stopped");
    assert_eq!(words[1], "set to disconnected account.wanted");
    assert_eq!(page.texts("#audit-entries .subject a"), ["+9996620007"]);
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
        let codes = page.texts("#audit-entries .what code");
        // The settings make root an administrator at the first sign-in.
        let codes: Vec<&str> =
            codes.iter().map(String::as_str).filter(|code| *code != "person.admin.granted").collect();
        assert_eq!((page.status.as_u16(), codes), (200, expected), "{query}");
    }
    assert!(root.get("/audit?actor=nobody").await.has("#audit-empty p"));
}

#[tokio::test]
async fn errors_are_shown_beside_their_field_and_input_is_kept() {
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
        assert!(!page.has("#audit-entries tr"), "nothing is searched");
    }
    let page = root.get("/audit?from=2026-11-21&until=2026-11-20").await;
    assert_eq!(page.texts("#until-error"), ["The end is before the start."]);
}

#[tokio::test]
async fn older_entries_are_on_the_next_page() {
    let test = TestApp::new().await;
    let root = test.signed_in(ADMIN).await;
    write(&test, (0..150).map(|_| AuditEvent::Stopped)).await;
    let page = root.get("/audit?code=telescope.stopped&actor=line").await;
    assert_eq!(page.texts("#audit-entries tr").len(), 100);
    let older = page.attributes("#audit-pager a", "href").remove(0);
    assert!(older.contains("code=telescope.stopped") && older.contains("actor=line"), "{older}");
    let page = root.get(&older).await;
    assert_eq!(page.texts("#audit-entries tr").len(), 50);
    assert!(!page.has("#audit-pager a"));
}

/// Takes administration from a person in the database.
async fn take_administration(test: &TestApp, email: &str) {
    let user = test.user(email).await;
    let lowered = async |conn: &mut Conn<'_>| store::users::set_admin(conn, user.id, false).await;
    test.app.db.maintain(lowered).await.unwrap();
}

#[tokio::test]
async fn new_entries_appear_on_open_pages_that_ask_for_them() {
    let test = TestApp::new().await;
    let account = test.account(7, None).await;
    let root = test.signed_in(ADMIN).await;
    let mut all = root.stream("/audit/events").await;
    let mut stops = root.stream("/audit/events?code=telescope.stopped").await;
    let mut its = root.stream("/audit/events?account=20007").await;
    let first = next(&mut all).await;
    assert!(
        first.contains("hx-target=\"#audit-entries\" hx-swap=\"innerMorph\"")
            && first.contains("web.sign-in")
    );
    for stream in [&mut stops, &mut its] {
        assert!(next(stream).await.contains("No matching entries"));
    }
    root.post(&format!("/accounts/{account}/disconnect"), &[]).await;
    for stream in [&mut all, &mut its] {
        let message = next(stream).await;
        assert!(message.contains("hx-target=\"#audit-entries\" hx-swap=\"afterbegin\""), "{message}");
        assert!(message.contains("set to disconnected") && message.contains("+9996620007"), "{message}");
        assert!(!message.contains("web.sign-in"), "only what is new: {message}");
    }
    write(&test, [AuditEvent::Stopped]).await;
    let message = next(&mut stops).await;
    assert!(message.contains("telescope.stopped") && !message.contains("account.wanted"), "{message}");
    // More at once than are sent one by one: the page is sent as a whole.
    write(&test, (0..150).map(|_| AuditEvent::Stopped)).await;
    let mut message = next(&mut all).await;
    while !message.contains("innerMorph") {
        message = next(&mut all).await;
    }
    assert_eq!(message.matches("<tr ").count(), 100, "as many as a page has");
    assert!(message.contains("rel=\"next\""), "with a link to the others");
    assert_eq!(
        root.try_stream("/audit/events?before=7").await.err().map(|answer| answer.status.as_u16()),
        Some(404)
    );
}

#[tokio::test]
async fn a_reader_who_loses_the_privilege_gets_no_more_entries() {
    let test = TestApp::with_clock(&[], Clock::manual(Clock::System.now())).await;
    let root = test.signed_in(ADMIN).await;
    test.signed_in("ada@example.org").await;
    let ada = test.user("ada@example.org").await;
    root.post(&format!("/users/{}/grant-admin", ada.id), &[]).await;
    let other = test.signed_in("ada@example.org").await;
    let mut stream = other.stream("/audit/events").await;
    next(&mut stream).await;
    take_administration(&test, "ada@example.org").await;
    test.app.clock.advance(2);
    write(&test, [AuditEvent::Stopped]).await;
    let message = next(&mut stream).await;
    assert!(message.contains("hx-target=\"#audit-entries\" hx-swap=\"innerHTML\""), "{message}");
    assert!(!message.contains("telescope.stopped"), "{message}");
    assert_eq!(next(&mut stream).await, "", "it has ended");
    assert_eq!(other.try_stream("/audit/events").await.err().map(|answer| answer.status.as_u16()), Some(403));
}

#[tokio::test]
async fn the_stream_ends_with_its_session_and_the_feed_with_its_last_viewer() {
    let test = TestApp::new().await;
    let root = test.signed_in(ADMIN).await;
    let mut stream = root.stream("/audit/events").await;
    next(&mut stream).await;
    root.post("/sign-out", &[]).await;
    let mut message = next(&mut stream).await;
    while !message.contains("event: signed-out") {
        message = next(&mut stream).await;
    }
    assert_eq!(next(&mut stream).await, "");
    drop(stream);
    let again = test.signed_in(ADMIN).await;
    let mut stream = again.stream("/audit/events").await;
    next(&mut stream).await;
    write(&test, [AuditEvent::Stopped]).await;
    assert!(
        next(&mut stream).await.contains("telescope.stopped"),
        "the feed starts again with the next viewer"
    );
}
