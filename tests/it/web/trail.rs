//! The page of the audit trail: looking for entries, and what is said of a search that makes no sense.

use telescope::domain::AccountId;
use telescope::domain::access::Principal;
use telescope::domain::audit::{AuditEntry, AuditEvent, Outcome};
use telescope::domain::privilege::{SystemPrivilege, SystemPrivileges};
use telescope::ops::audit::queue;

use telescope::clock::Clock;
use telescope::store::{self, Conn};

use super::app::{ADMIN, TestApp};
use super::live::next;

/// Writes entries of the command line as if each had happened a second after the one before.
async fn write(test: &TestApp, events: impl IntoIterator<Item = AuditEvent>) {
    for event in events {
        test.app.audit_queue.put(AuditEntry::done(test.app.clock.now(), &Principal::Cli, event));
        test.app.clock.advance(1);
    }
    queue::flush(&test.app).await.unwrap();
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
    assert_eq!(words[0], "stopped telescope.stopped");
    assert_eq!(words[1], "set to disconnected account.wanted");
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
    assert!(root.get("/audit?actor=nobody").await.has("#trail-empty p"));
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
    assert_eq!(page.texts("#until-error"), ["The end is before the start."]);
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

/// An attempt at Telegram, and its outcome if it has one; gives the number of the attempt.
async fn attempt(test: &TestApp, account: AccountId, outcome: Option<Outcome>) -> i64 {
    let now = test.app.clock.now();
    let intent =
        AuditEntry::intent(now, &Principal::Cli, AuditEvent::CodeRequested).about(account).because("A test");
    test.app.audit_queue.put(intent.clone());
    queue::flush(&test.app).await.unwrap();
    let seq = store::audit::head(&mut test.app.db.read().await.unwrap()).await.unwrap().seq;
    write(test, [AuditEvent::Stopped]).await;
    if let Some(outcome) = outcome {
        test.app.audit_queue.put(intent.outcome(seq, test.app.clock.now(), outcome));
        queue::flush(&test.app).await.unwrap();
    }
    seq
}

#[tokio::test]
async fn an_attempt_and_its_outcome_are_one_row() {
    let test = TestApp::new().await;
    let account = test.account(7, None).await;
    let root = test.signed_in(ADMIN).await;
    let open = attempt(&test, account, None).await;
    let done = attempt(&test, account, Some(Outcome::Done)).await;
    let failed = attempt(&test, account, Some(Outcome::Failed)).await;
    let rows = async |query: &str| {
        let page = root.get(&format!("/audit?code=login.code.asked{query}")).await;
        let ids = page.attributes("#trail tr", "id");
        ids.into_iter().zip(page.texts("#trail .outcome")).collect::<Vec<_>>()
    };
    let row = |seq: i64, outcome: &str| (format!("entry-{seq}"), outcome.to_owned());
    let all = [row(failed, "Failed"), row(done, "Done"), row(open, "In progress")];
    assert_eq!(rows("").await, all);
    assert_eq!(rows("&actor=command&account=20007").await, all);
    assert_eq!(rows("&outcome=done").await, all[1..2]);
    assert_eq!(rows("&outcome=failed").await, all[..1]);
    assert_eq!(rows("&outcome=intent").await, all[2..]);
    assert_eq!(rows("&outcome=unknown").await, []);
    let page = root.get("/audit?code=login.code.asked&outcome=done").await;
    let told = page.texts("#trail .more").concat();
    assert!(told.contains("A test") && told.contains(&format!("outcome in entry {}", done + 2)), "{told}");
    // The account's history has one line each, and what an attempt led to comes after it.
    let history = root.get(&format!("/accounts/{account}")).await.texts(".history li");
    assert_eq!(history.iter().filter(|line| line.contains("requested a login code")).count(), 3);
    // A file has every entry.
    let form = [("format", "csv"), ("code", "login.code.asked")];
    let file = root.post("/audit/export", &form).await.body;
    assert_eq!(file.matches("login.code.asked").count(), 5, "{file}");
}

#[tokio::test]
async fn an_outcome_completes_its_row_on_open_pages() {
    let test = TestApp::new().await;
    let account = test.account(7, None).await;
    let root = test.signed_in(ADMIN).await;
    let mut all = root.stream("/audit/events?code=login.code.asked").await;
    let mut open = root.stream("/audit/events?code=login.code.asked&outcome=intent").await;
    for stream in [&mut all, &mut open] {
        assert!(next(stream).await.contains("No matching entries"));
    }
    let seq = attempt(&test, account, Some(Outcome::Done)).await;
    let (mut all_html, mut open_html) = (String::new(), String::new());
    while !all_html.contains("outcome in entry") {
        all_html += &next(&mut all).await;
    }
    let target = format!("hx-target=\"#entry-{seq}\"");
    assert!(all_html.matches("hx-swap=\"afterbegin\"").count() <= 1, "one row: {all_html}");
    assert!(all_html.contains(&format!("id=\"entry-{seq}\"")), "{all_html}");
    while !open_html.contains(&target) {
        open_html += &next(&mut open).await;
    }
    assert!(open_html.contains("hx-swap=\"delete\""), "{open_html}");
}

#[tokio::test]
async fn causes_come_before_effects_and_in_the_words_of_the_pages() {
    let test = TestApp::new().await;
    let account = test.account(7, None).await;
    let root = test.signed_in(ADMIN).await;
    let now = test.app.clock.now();
    let intent = AuditEntry::intent(now, &Principal::Cli, AuditEvent::CodeRequested).about(account);
    test.app.audit_queue.put(intent.clone());
    queue::flush(&test.app).await.unwrap();
    let seq = store::audit::head(&mut test.app.db.read().await.unwrap()).await.unwrap().seq;
    // Telegram's answer is noticed before the request's outcome is written.
    let changed = AuditEvent::StageChanged { stage: "wait-code".into() };
    let telegram = Principal::System("telegram");
    test.app.audit_queue.put(AuditEntry::done(now, &telegram, changed).about(account));
    test.app.audit_queue.put(intent.outcome(seq, now, Outcome::Done));
    queue::flush(&test.app).await.unwrap();
    let history = root.get(&format!("/accounts/{account}")).await.texts(".history li span");
    let lines: Vec<&str> = history.iter().map(String::as_str).take(2).collect();
    assert_eq!(
        lines,
        ["Telegram changed the status to “Code required”", "Command line requested a login code"],
        "the newest first"
    );
    let page = root.get(&format!("/audit?account={account}")).await;
    assert_eq!(page.texts("#trail .actor bdi")[..2], ["Telegram", "Command line"]);
    assert!(!page.texts("#trail").concat().contains("system:"));
    for actor in ["Telegram", "telegram", "system:telegram"] {
        assert_eq!(root.get(&format!("/audit?actor={actor}")).await.texts("#trail tr").len(), 1, "{actor}");
    }
}

#[tokio::test]
async fn entries_account_and_person_lead_to_each_other() {
    let test = TestApp::new().await;
    let account = test.account(7, None).await;
    let root = test.signed_in(ADMIN).await;
    root.post(&format!("/accounts/{account}/disconnect"), &[]).await;
    let to_entries = |links: Vec<String>| links.into_iter().filter(|it| it.starts_with("/audit?")).collect();
    let links: Vec<String> =
        to_entries(root.get(&format!("/accounts/{account}")).await.attributes("main a", "href"));
    let page = root.get(&links[0]).await;
    assert_eq!(page.texts("#trail .what code"), ["account.wanted"]);
    assert_eq!(page.attributes("#trail .subject a", "href"), [format!("/accounts/{account}")]);
    let people = page.attributes("#trail .actor a", "href").remove(0);
    let person = root.get(&people).await.attributes("tbody th a", "href").remove(0);
    let links: Vec<String> = to_entries(root.get(&person).await.attributes("main a", "href"));
    assert!(root.get(&links[0]).await.texts("#trail .what code").contains(&"account.wanted".to_owned()));

    let role = test.role("Readers", &[], SystemPrivileges::of(&[SystemPrivilege::ReadAudit])).await;
    test.give("ada@example.org", role).await;
    let ada = test.signed_in("ada@example.org").await;
    let page = ada.get("/audit").await;
    assert!(page.has("#trail .actor") && !page.has("#trail .actor a"), "no page that would be refused");
    assert!(!next(&mut ada.stream("/audit/events").await).await.contains("/users?q="));
    assert!(next(&mut root.stream("/audit/events").await).await.contains("/users?q="));
}

#[tokio::test]
async fn times_are_chosen_at_once_or_in_fields() {
    let test = TestApp::with_its_own_time().await;
    let root = test.signed_in(ADMIN).await;
    write(&test, [AuditEvent::Stopped]).await;
    let page = root.get("/audit?code=telescope.stopped&from=2020-01-01&until=2020-02-29").await;
    for (field, value) in [("from", "2020-01-01T00:00"), ("until", "2020-02-29T23:59")] {
        let css = format!("#{field}[type='datetime-local']");
        assert_eq!(page.attributes(&css, "value"), [value], "{}", page.body);
    }
    let ranges = page.attributes(".ranges a", "href");
    assert_eq!(ranges[0], "/audit?code=telescope.stopped", "any time");
    assert_eq!(page.texts(".ranges [aria-current]"), [""; 0]);
    let hour = root.get(&ranges[1]).await;
    assert_eq!(hour.texts(".ranges [aria-current]"), ["Last hour"]);
    assert_eq!(hour.texts("#trail .what code"), ["telescope.stopped"]);
    assert_eq!(hour.attributes("form.export [name=range]", "value"), ["1h"]);
    test.app.clock.advance(2 * 60 * 60);
    assert!(!root.get(&ranges[1]).await.has("#trail tr"), "the range moves on");
    assert!(root.get(&ranges[2]).await.has("#trail tr"));
    // What the browser sends, and what a browser's field can't show.
    assert_eq!(root.get("/audit?from=2026-11-21T14:30Z").await.status, 200);
    let wrong = root.get("/audit?from=tomorrow").await;
    assert!(wrong.has("#from:not([type='datetime-local'])[value='tomorrow']"));
}

/// Changes what somebody may do, in the database and for whoever has pages open.
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
    assert!(first.contains("hx-target=\"#trail\" hx-swap=\"innerMorph\"") && first.contains("web.sign-in"));
    for stream in [&mut stops, &mut its] {
        assert!(next(stream).await.contains("No matching entries"));
    }
    root.post(&format!("/accounts/{account}/disconnect"), &[]).await;
    for stream in [&mut all, &mut its] {
        let message = next(stream).await;
        assert!(message.contains("hx-target=\"#trail\" hx-swap=\"afterbegin\""), "{message}");
        assert!(message.contains("set to disconnected") && message.contains("+9996620007"), "{message}");
        assert!(!message.contains("web.sign-in"), "only what is new: {message}");
    }
    write(&test, [AuditEvent::Stopped]).await;
    let message = next(&mut stops).await;
    assert!(message.contains("telescope.stopped") && !message.contains("account.wanted"), "{message}");
    // More at once than is handed on one by one: the page is shown anew.
    write(&test, (0..150).map(|_| AuditEvent::Stopped)).await;
    let mut message = next(&mut all).await;
    while !message.contains("innerMorph") {
        message = next(&mut all).await;
    }
    assert_eq!(message.matches("<tr ").count(), 100, "as many as a page has");
    assert!(message.contains("rel=\"next\""), "and the way to the others");
    assert_eq!(
        root.try_stream("/audit/events?before=7").await.err().map(|answer| answer.status.as_u16()),
        Some(404)
    );
}

#[tokio::test]
async fn whoever_may_not_read_the_trail_any_more_gets_nothing_of_it() {
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
    assert!(message.contains("hx-target=\"#trail\" hx-swap=\"innerHTML\""), "{message}");
    assert!(!message.contains("telescope.stopped"), "{message}");
    assert_eq!(next(&mut stream).await, "", "it has ended");
    assert_eq!(other.try_stream("/audit/events").await.err().map(|answer| answer.status.as_u16()), Some(403));
}

#[tokio::test]
async fn a_stream_of_the_trail_ends_with_its_session_and_nobody_reads_for_nobody() {
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
        "the feed begins again with the next viewer"
    );
}
