//! The real TDLib signs in with a QR code.

use serde_json::{Value, json};

use crate::tdlib_process::{TdlibProcess, password};

const WAITING: &str = "authorizationStateWaitOtherDeviceConfirmation";

pub fn request() -> Value {
    json!({"@type": "requestQrCodeAuthentication", "other_user_ids": []})
}

/// The form that scans the code of this state.
fn scan(state: &Value) -> String {
    let link = state["link"].as_str().unwrap();
    assert!(link.starts_with("tg://login?token="), "{link}");
    format!("link={}", link.replace(':', "%3A").replace('?', "%3F").replace('=', "%3D"))
}

#[tokio::test]
async fn tdlib_shows_new_codes_until_one_is_scanned_and_asks_for_the_password() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let mut td = TdlibProcess::start(&data).await;
    td.post("/phones", "number=9996621234").await;
    td.post("/phones/9996621234/password", "password=correct+horse&hint=four+words").await;
    td.post("/login-tokens", "seconds=2").await;

    td.open().await;
    td.state("authorizationStateWaitPhoneNumber").await;
    assert_eq!(td.ask(request()).await["@type"], "ok");
    let mut seen = Vec::new();
    for _ in 0..4 {
        let shown = td.state(WAITING).await;
        assert!(!seen.contains(&shown), "each code is a new one");
        seen.push(shown);
    }
    let path = "/phones/9996621234/scan";
    assert_eq!(td.try_post(path, &scan(&seen[0])).await, 422, "it has expired");
    td.post("/login-tokens", "seconds=600").await;
    let shown = td.state(WAITING).await;
    let begun = std::time::Instant::now();
    td.post(path, &scan(&shown)).await;
    let waiting = td.state("authorizationStateWaitPassword").await;
    println!("scan to password: {:?}", begun.elapsed());
    assert!(begun.elapsed().as_secs() < 300, "TDLib was told, and did not wait until the code expired");
    assert_eq!(waiting["password_hint"], "four words");
    assert_eq!(td.ask(password("wrong")).await["message"], "PASSWORD_HASH_INVALID");
    assert_eq!(td.ask(password("correct horse")).await["@type"], "ok");
    td.state("authorizationStateReady").await;
    assert_eq!(td.ask(json!({"@type": "getMe"})).await["phone_number"], "9996621234");

    // Another client is let in by the first one, without a password.
    td.post("/phones/9996621234/password", "password=").await;
    td.client = 2;
    td.open().await;
    td.state("authorizationStateWaitPhoneNumber").await;
    assert_eq!(td.ask(request()).await["@type"], "ok");
    let shown = td.state(WAITING).await;
    td.client = 1;
    let confirm = json!({"@type": "confirmQrCodeAuthentication", "link": shown["link"]});
    let session = td.ask(confirm).await;
    assert_eq!((&session["@type"], &session["device_model"]), (&json!("session"), &json!("Story")));
    td.client = 2;
    td.state("authorizationStateReady").await;
    let sessions = td.ask(json!({"@type": "getActiveSessions"})).await;
    let ids: Vec<_> = sessions["sessions"].as_array().unwrap().iter().map(|row| &row["id"]).collect();
    assert_eq!(ids.len(), 3, "two clients and the simulated phone: {sessions}");
    td.client = 1;
    let sessions = td.ask(json!({"@type": "getActiveSessions"})).await;
    let other = sessions["sessions"].as_array().unwrap().iter().find(|row| row["id"] == session["id"]);
    assert!(other.is_some(), "{sessions}");
    for client in [1, 2] {
        td.client = client;
        td.send(json!({"@type": "close"})).await;
        td.state("authorizationStateClosed").await;
    }
    td.end().await;
}

#[tokio::test]
async fn tdlib_follows_a_scanned_code_to_the_data_centre_of_the_account() {
    let directory = tempfile::tempdir().unwrap();
    let mut td = TdlibProcess::start(&directory.path().join("data")).await;
    td.post("/phones", "number=9996641234").await;
    td.post("/phones/9996641234/dc", "dc=4").await;
    td.open().await;
    td.state("authorizationStateWaitPhoneNumber").await;
    assert_eq!(td.ask(request()).await["@type"], "ok");
    let shown = td.state(WAITING).await;
    td.post("/phones/9996641234/scan", &scan(&shown)).await;
    td.state("authorizationStateReady").await;
    assert_eq!(td.ask(json!({"@type": "getMe"})).await["phone_number"], "9996641234");
    td.close().await;
}
