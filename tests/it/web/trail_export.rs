//! The audit trail as a file: whole or visibly not, written down before it leaves, and harmless to open.

use axum::http::{Method, StatusCode};
use futures_util::StreamExt;
use serde_json::Value;
use telescope::clock::Clock;
use telescope::domain::access::Principal;
use telescope::domain::audit::{AuditEntry, AuditEvent, Outcome};
use telescope::ops::audit::queue;
use telescope::store::audit::{self, Entry, Filter};
use telescope::store::{self, Conn};

use super::app::{ADMIN, TestApp, Visitor, filled};
use crate::support::waiting::{DEADLINE, until};

async fn test_app() -> TestApp {
    TestApp::with_clock(&[], Clock::manual(Clock::System.now())).await
}

async fn stops(test: &TestApp, many: usize) {
    for _ in 0..many {
        test.app.audit_queue.put(AuditEntry::done(
            test.app.clock.now(),
            &Principal::Cli,
            AuditEvent::Stopped,
        ));
    }
    queue::flush(&test.app).await.unwrap();
}

/// The entries about exports, the newest first.
async fn exports(test: &TestApp) -> Vec<Entry> {
    queue::flush(&test.app).await.unwrap();
    let filter = Filter { code: Some("audit.exported".into()), ..Filter::default() };
    audit::page(&mut test.app.db.read().await.unwrap(), &filter, 10).await.unwrap()
}

async fn until_ended(test: &TestApp, outcome: Outcome) {
    until("the export's end is written down", DEADLINE, async || {
        (exports(test).await.first()?.outcome == outcome).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_file_has_every_entry_in_its_order_and_says_that_it_is_whole() {
    let test = test_app().await;
    let account = test.account(7, None).await;
    let root = test.signed_in(ADMIN).await;
    root.post(&format!("/accounts/{account}/disconnect"), &[]).await;
    stops(&test, 1200).await;
    let newest = audit::head(&mut test.app.db.read().await.unwrap()).await.unwrap();
    let file = root.post("/audit/export", &[("format", "jsonl")]).await;
    assert_eq!((file.status.as_u16(), file.header("content-type")), (200, "application/x-ndjson"));
    assert_eq!(file.header("cache-control"), "no-store");
    let disposition = file.header("content-disposition");
    assert!(disposition.starts_with("attachment; filename=\"telescope-audit-2"), "{disposition}");
    assert!(disposition.ends_with(".jsonl\""), "{disposition}");
    let lines: Vec<Value> = file.body.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let (end, entries) = lines.split_last().unwrap();
    assert_eq!(end["end"]["entries"], entries.len());
    let seqs: Vec<i64> = entries.iter().map(|entry| entry["seq"].as_i64().unwrap()).collect();
    assert_eq!(seqs, (1..=newest.seq).collect::<Vec<_>>(), "no holes, in order, up to the moment of asking");
    assert_eq!(entries.last().unwrap()["mac"], newest.mac.as_str(), "the chain's end is in it");
    let wanted = entries.iter().find(|entry| entry["code"] == "account.wanted").unwrap();
    assert_eq!((&wanted["number"], &wanted["actor"]), (&Value::from("9996620007"), &Value::from(ADMIN)));
    assert_eq!(wanted["account"], account.to_string());
    for column in ["at", "digest", "mac", "details", "details_salt", "details_digest", "words", "outcome"] {
        assert!(wanted[column].as_str().is_some_and(|value| !value.is_empty()), "{column}: {wanted}");
    }
    until_ended(&test, Outcome::Done).await;

    let file = root.post("/audit/export", &[("format", "csv"), ("code", "account.*"), ("before", "1")]).await;
    assert!(file.header("content-type").starts_with("text/csv"));
    let lines: Vec<&str> = file.body.split_terminator("\r\n").collect();
    assert!(
        lines[0].starts_with("\u{feff}\"seq\",\"at\",\"code\"") && lines[0].ends_with("\"digest\",\"mac\"")
    );
    assert_eq!(lines.len(), 3, "{}", file.body);
    assert!(lines[1].contains("\"account.wanted\"") && lines[1].contains("\"9996620007\""));
    assert!(lines[2].starts_with("\"end\",\"1 entries, complete\","));
    let commas = |line: &str| line.matches("\",\"").count();
    assert_eq!((commas(lines[0]), commas(lines[2])), (16, 16), "each line has every column");
}

#[tokio::test]
async fn it_is_written_down_before_the_first_byte_with_what_was_asked_for() {
    let test = test_app().await;
    let root = test.signed_in(ADMIN).await;
    stops(&test, 3000).await;
    let form = [("format", "csv"), ("actor", "command"), ("from", "2020-01-01"), ("before", "5")];
    let mut body = root.file(&form).await;
    let written = exports(&test).await;
    assert_eq!(written.len(), 1, "the answer waits for the entry, and nobody has read the file yet");
    assert_eq!((written[0].outcome, written[0].actor.as_str()), (Outcome::Intent, ADMIN));
    let details = written[0].details.as_deref().unwrap();
    let details: Value = serde_json::from_str(details).unwrap();
    assert_eq!(details, serde_json::json!({"format": "csv", "filter": "actor=command&from=2020-01-01"}));
    assert!(written[0].address.is_none() && written[0].request_id.is_some());
    while let Some(piece) = body.next().await {
        piece.unwrap();
    }
    until_ended(&test, Outcome::Done).await;
    assert_eq!(exports(&test).await[0].intent, Some(written[0].seq));

    test.app.db.set_away(true);
    let refused = root.post("/audit/export", &form).await;
    test.app.db.set_away(false);
    assert_eq!(
        refused.status,
        StatusCode::SERVICE_UNAVAILABLE,
        "what can't be written down is not handed out"
    );
}

#[tokio::test]
async fn a_file_that_breaks_off_is_seen_to_be_broken() {
    let test = test_app().await;
    test.signed_in("ada@example.org").await;
    let ada = test.user("ada@example.org").await;
    let admin = async |admin: bool| {
        let set = async |conn: &mut Conn<'_>| store::users::set_admin(conn, ada.id, admin).await;
        test.app.db.maintain(set).await.unwrap();
    };
    admin(true).await;
    let reader = test.signed_in("ada@example.org").await;
    stops(&test, 5000).await;
    for format in ["csv", "jsonl"] {
        admin(true).await;
        let mut body = reader.file(&[("format", format)]).await;
        let mut text = String::from_utf8(body.next().await.unwrap().unwrap().to_vec()).unwrap();
        admin(false).await;
        test.app.clock.advance(2);
        let broken = loop {
            match body.next().await {
                Some(Ok(piece)) => text.push_str(std::str::from_utf8(&piece).unwrap()),
                Some(Err(_)) => break true,
                None => break false,
            }
        };
        assert!(broken, "the connection is cut");
        assert!(text.lines().count() < 2500, "what was on its way, and no more");
        let last = text.lines().last().unwrap();
        assert!(!last.starts_with("\"end\"") && !last.starts_with("{\"end\""), "{last}");
        until_ended(&test, Outcome::Failed).await;
    }
    admin(true).await;
    let mut body = reader.file(&[("format", "csv")]).await;
    body.next().await.unwrap().unwrap();
    drop(body);
    until_ended(&test, Outcome::Failed).await;
}

#[tokio::test]
async fn an_export_that_makes_no_sense_is_refused_in_words() {
    let test = test_app().await;
    let root = test.signed_in(ADMIN).await;
    for format in ["", "xlsx", "CSV "] {
        let refused = root.post("/audit/export", &[("format", format)]).await;
        assert_eq!(refused.status, 422, "{format}");
        assert!(refused.body.contains("Choose CSV or JSON Lines"), "{}", refused.body);
    }
    let refused = root.post("/audit/export", &[("format", "csv"), ("from", "soon")]).await;
    assert_eq!((refused.status.as_u16(), refused.has("#from-error")), (422, true));
    assert!(exports(&test).await.is_empty(), "nothing was handed out");
}

#[tokio::test]
async fn one_person_has_so_many_exports_at_once() {
    let test = TestApp::with(&[("STREAMS_PER_USER", "2")]).await;
    let root = test.signed_in(ADMIN).await;
    stops(&test, 3000).await;
    let _open = [root.file(&[("format", "csv")]).await, root.file(&[("format", "csv")]).await];
    let refused = root.post("/audit/export", &[("format", "csv")]).await;
    assert_eq!(refused.status, 429);
    assert!(refused.body.contains("Too many open tabs and exports"), "{}", refused.body);
}

/// What people typed for a reason is a text in the table, whatever it begins with.
#[tokio::test]
async fn what_people_typed_is_no_formula_in_the_table() {
    let test = test_app().await;
    let root = test.signed_in(ADMIN).await;
    let reasons = ["=HYPERLINK(\"http://x.example\")", "+1", "-1+2", "@x", "\t=1", " =1", "\"=1\""];
    for reason in reasons {
        let entry =
            AuditEntry::done(test.app.clock.now(), &Principal::Cli, AuditEvent::Stopped).because(reason);
        test.app.audit_queue.put(entry);
    }
    queue::flush(&test.app).await.unwrap();
    let file = root.post("/audit/export", &[("format", "csv"), ("actor", "command line")]).await.body;
    for reason in reasons {
        let field = format!(",\"'{}\",", reason.replace('"', "\"\""));
        assert!(file.contains(&field), "{field} in {file}");
    }
}

impl Visitor {
    /// Asks for a file, and reads none of it yet.
    async fn file(&self, form: &[(&str, &str)]) -> axum::body::BodyDataStream {
        let response = self.answer(filled(self.request(Method::POST, "/audit/export"), form)).await;
        assert_eq!(response.status(), StatusCode::OK);
        response.into_body().into_data_stream()
    }
}
