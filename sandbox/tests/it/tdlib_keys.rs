//! The real TDLib with temporary keys that expire or are dropped, and destroying its keys.

use std::time::Duration;

use serde_json::json;

use crate::tdlib_process::{TIMEOUT, TdlibProcess};

/// Signed in with perfect forward secrecy.
async fn secret(directory: &tempfile::TempDir, options: &[&str]) -> TdlibProcess {
    let mut td = TdlibProcess::start_with(&directory.path().join("data"), options).await;
    let enabled = json!({"@type": "optionValueBoolean", "value": true});
    td.send(json!({"@type": "setOption", "name": "use_pfs", "value": enabled})).await;
    td.sign_in("9996631234").await;
    td.wait_until_it_gets_updates().await;
    td
}

impl TdlibProcess {
    async fn bindings(&self) -> u64 {
        self.get("/requests.json").await["auth.bindTempAuthKey"]["total"].as_u64().unwrap_or_default()
    }

    async fn bindings_above(&self, before: u64) -> u64 {
        let deadline = tokio::time::Instant::now() + TIMEOUT;
        loop {
            match self.bindings().await {
                bindings if bindings > before => return bindings,
                _ => assert!(tokio::time::Instant::now() < deadline, "no new temporary key"),
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// A message arrives, a request is answered, and TDLib is still signed in.
    async fn is_well(&mut self, text: &str) {
        self.post("/phones/9996631234/message", &format!("text={text}")).await;
        self.message(text).await;
        let sessions = self.ask(json!({"@type": "getActiveSessions"})).await;
        assert_eq!(sessions["sessions"].as_array().map(Vec::len), Some(1), "{sessions}");
        let state = self.ask(json!({"@type": "getAuthorizationState"})).await;
        assert_eq!(state["@type"], "authorizationStateReady");
        assert!(
            !self
                .unread
                .iter()
                .any(|value| { value["authorization_state"]["@type"] == "authorizationStateLoggingOut" })
        );
        assert_eq!(self.get("/requests.json").await["auth.sendCode"]["total"], 1);
    }

    async fn keys(&self) -> u64 {
        self.get("/state.json").await["keys"].as_u64().unwrap()
    }
}

#[tokio::test]
async fn tdlib_stays_ready_while_its_temporary_keys_expire() {
    let directory = tempfile::tempdir().unwrap();
    let mut td = secret(&directory, &["--temporary-keys", "4"]).await;
    let mut bindings = td.bindings().await;
    assert!(bindings >= 1);
    for round in ["first", "second"] {
        bindings = td.bindings_above(bindings).await;
        td.is_well(&format!("the+{round}+new+key").replace('+', "-")).await;
    }
    td.close().await;
}

#[tokio::test]
async fn tdlib_replaces_dropped_temporary_keys_and_destroys_its_key_at_the_end() {
    let directory = tempfile::tempdir().unwrap();
    let mut td = secret(&directory, &[]).await;
    let bindings = td.bindings().await;
    td.post("/phones/9996631234/drop-keys", "").await;
    td.bindings_above(bindings).await;
    td.is_well("hello-again").await;
    assert!(td.keys().await >= 2, "a permanent key and a temporary one");
    td.log_out().await;
    assert_eq!(td.keys().await, 0, "none is left");
    td.end().await;
}

#[tokio::test]
async fn tdlib_destroys_its_key_when_it_logs_out() {
    let directory = tempfile::tempdir().unwrap();
    let mut td = TdlibProcess::start(&directory.path().join("data")).await;
    td.sign_in("9996631234").await;
    assert_eq!(td.keys().await, 1);
    td.log_out().await;
    assert_eq!(td.keys().await, 0);
    let phone = td.get("/state.json").await["phones"][0].clone();
    assert_eq!(phone["sessions"], json!([]));
    td.end().await;
}
