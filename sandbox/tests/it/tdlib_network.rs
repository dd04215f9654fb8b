//! The real TDLib with faults of the network and the clock.

use std::time::Instant;

use serde_json::{Value, json};

use crate::tdlib_process::TdlibProcess;

async fn td(directory: &tempfile::TempDir) -> TdlibProcess {
    TdlibProcess::start(&directory.path().join("data")).await
}

/// Signed in, with the chat that messages come into.
async fn signed_in(directory: &tempfile::TempDir) -> TdlibProcess {
    let mut td = td(directory).await;
    td.sign_in("9996621234").await;
    td.wait_until_it_gets_updates().await;
    td
}

async fn push(td: &TdlibProcess, text: &str) {
    td.post("/phones/9996621234/message", &format!("text={text}")).await;
}

fn not_ready(value: &Value) -> bool {
    value["@type"] == "updateConnectionState" && value["state"]["@type"] != "connectionStateReady"
}

impl TdlibProcess {
    /// Discards what TDLib has sent so far.
    async fn forget(&mut self) {
        self.ask(json!({"@type": "getOption", "name": "version"})).await;
        self.unread.clear();
    }

    async fn differences(&self) -> Value {
        self.get("/requests.json").await["updates.getDifference"]["total"].clone()
    }

    /// Waits until a method was called.
    async fn arrived(&self, method: &str) {
        let deadline = tokio::time::Instant::now() + crate::tdlib_process::TIMEOUT;
        while self.get("/requests.json").await[method].is_null() {
            assert!(tokio::time::Instant::now() < deadline, "{method} was not called");
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }

    /// How many connections were made.
    async fn connections(&self) -> u64 {
        self.get("/state.json").await["connections"].as_u64().unwrap()
    }

    /// Waits until there are more connections than there were.
    async fn reconnected(&self, before: u64) {
        let deadline = tokio::time::Instant::now() + crate::tdlib_process::TIMEOUT;
        while self.connections().await <= before {
            assert!(tokio::time::Instant::now() < deadline, "no new connection");
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    }
}

#[tokio::test]
async fn tdlib_stays_signed_in_when_connections_break() {
    let directory = tempfile::tempdir().unwrap();
    let mut td = signed_in(&directory).await;
    for fault in ["drop", "truncate", "garbage"] {
        td.forget().await;
        let (begun, before) = (Instant::now(), td.connections().await);
        td.post("/network", &format!("fault={fault}&number=9996621234")).await;
        td.reconnected(before).await;
        push(&td, &format!("after+{fault}")).await;
        td.message(&format!("after {fault}")).await;
        println!("{fault}: the next message came {:?} later", begun.elapsed());
    }
    assert_eq!(td.get("/requests.json").await["auth.sendCode"]["total"], 1);
    td.close().await;
}

#[tokio::test]
async fn updates_during_an_outage_are_delivered_without_a_request() {
    let directory = tempfile::tempdir().unwrap();
    let mut td = signed_in(&directory).await;
    td.forget().await;
    let differences = td.differences().await;
    td.post("/network", "fault=down&seconds=3600").await;
    td.wait_for("an end of the connection", not_ready).await;
    push(&td, "while+it+was+down").await;
    td.post("/network", "fault=down&seconds=0").await;
    td.message("while it was down").await;
    td.connection("connectionStateReady").await;
    assert_eq!(td.differences().await, differences, "TDLib had no reason to ask");

    // An update and an answer that were sent on a connection which then broke.
    td.post("/network", "fault=silence&seconds=3600").await;
    push(&td, "into+the+silence").await;
    td.send(json!({"@type": "getActiveSessions", "@extra": "lost"})).await;
    td.arrived("account.getAuthorizations").await;
    let before = td.connections().await;
    td.post("/network", "fault=drop").await;
    td.post("/network", "fault=silence&seconds=0").await;
    td.reconnected(before).await;
    td.message("into the silence").await;
    assert_eq!(td.differences().await, differences);
    let answer = td.wait_for("the answer", |value| value["@extra"] == "lost").await;
    assert_eq!(answer["@type"], "sessions");
    let requests = td.get("/requests.json").await;
    assert_eq!(requests["account.getAuthorizations"]["total"], 1, "it was carried out once");
    td.close().await;
}

#[tokio::test]
async fn tdlib_signs_in_and_reconnects_with_a_server_whose_clock_is_wrong() {
    let directory = tempfile::tempdir().unwrap();
    let mut td = td(&directory).await;
    for (client, seconds) in [(1, 20_000), (2, -20_000)] {
        td.client = client;
        let number = format!("999662000{client}");
        td.post("/network", &format!("fault=clock&seconds={seconds}")).await;
        td.sign_in(&number).await;
        td.wait_until_it_gets_updates().await;
        for round in ["one", "two"] {
            let before = td.connections().await;
            td.post("/network", &format!("fault=drop&number={number}")).await;
            td.reconnected(before).await;
            td.post(&format!("/phones/{number}/message"), &format!("text={seconds}+{round}")).await;
            td.message(&format!("{seconds} {round}")).await;
        }
        td.send(json!({"@type": "close"})).await;
        td.state("authorizationStateClosed").await;
    }
    td.end().await;
}

#[tokio::test]
async fn tdlib_follows_a_clock_that_is_moved_while_it_is_connected() {
    let directory = tempfile::tempdir().unwrap();
    let mut td = signed_in(&directory).await;
    for seconds in ["100", "-100", "20000"] {
        td.forget().await;
        td.post("/network", &format!("fault=clock&seconds={seconds}")).await;
        let begun = Instant::now();
        push(&td, &format!("clock+{seconds}")).await;
        td.message(&format!("clock {seconds}")).await;
        let sessions = td.ask(json!({"@type": "getActiveSessions"})).await;
        assert_eq!(sessions["@type"], "sessions", "{sessions}");
        println!("{seconds}: heard and answered after {:?}", begun.elapsed());
    }
    td.close().await;
}

#[tokio::test]
async fn tdlib_handles_a_flood_and_other_requests_meanwhile() {
    let directory = tempfile::tempdir().unwrap();
    let mut td = signed_in(&directory).await;
    let begun = Instant::now();
    td.post("/phones/9996621234/flood", "count=5000").await;
    td.message("Message 5000 of a flood").await;
    println!("5,000 messages in {:?}", begun.elapsed());
    let texts = td.unread.iter().filter(|value| value["@type"] == "updateNewMessage").count();
    assert_eq!(texts, 4999, "none is left out");
    td.close().await;
}
