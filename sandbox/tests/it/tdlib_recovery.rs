//! The real TDLib recovers a two-step password.

use serde_json::{Value, json};

use crate::tdlib_deliveries::{ask_for_code, newest};
use crate::tdlib_process::{TdlibProcess, code, password};

fn request() -> Value {
    json!({"@type": "requestAuthenticationPasswordRecovery"})
}

fn recover(code: &str, password: &str) -> Value {
    json!({"@type": "recoverAuthenticationPassword", "recovery_code": code, "new_password": password,
        "new_hint": "a new hint"})
}

/// Opens a client and brings it to the question for the password.
async fn wait_for_password(td: &mut TdlibProcess, client: u32) -> Value {
    td.client = client;
    td.open().await;
    td.state("authorizationStateWaitPhoneNumber").await;
    ask_for_code(td, "9996621234").await;
    assert_eq!(td.ask(code("22222")).await["@type"], "ok");
    td.state("authorizationStateWaitPassword").await
}

#[tokio::test]
async fn tdlib_replaces_and_removes_a_forgotten_password() {
    let directory = tempfile::tempdir().unwrap();
    let mut td = TdlibProcess::start(&directory.path().join("data")).await;
    td.post("/phones", "number=9996621234").await;
    let path = "/phones/9996621234/password";
    td.post(path, "password=correct+horse&hint=four+words").await;

    // Without an address there is no recovery.
    let waiting = wait_for_password(&mut td, 1).await;
    assert_eq!(waiting["has_recovery_email_address"], false);
    assert_eq!(td.ask(request()).await["message"], "PASSWORD_RECOVERY_NA");
    td.log_out().await;

    // A new password.
    td.post(path, "password=correct+horse&recovery_email=ada%40example.org").await;
    let waiting = wait_for_password(&mut td, 2).await;
    assert_eq!(waiting["has_recovery_email_address"], true);
    assert_eq!(waiting["recovery_email_address_pattern"], "");
    assert_eq!(td.ask(request()).await["@type"], "ok");
    let waiting = td.state("authorizationStateWaitPassword").await;
    assert_eq!(waiting["recovery_email_address_pattern"], "a***a@example.org");
    let check =
        |code: &str| json!({"@type": "checkAuthenticationPasswordRecoveryCode", "recovery_code": code});
    assert_eq!(td.ask(check("000000")).await["message"], "CODE_INVALID");
    let mail = newest(&td).await;
    assert_eq!(mail["from"], "E-mail", "{mail}");
    let sent = mail["code"].as_str().unwrap();
    assert_eq!(td.ask(check(sent)).await["@type"], "ok");
    assert_eq!(td.ask(recover("000000", "new secret")).await["message"], "CODE_INVALID");
    assert_eq!(td.ask(recover(sent, "new secret")).await["@type"], "ok");
    td.state("authorizationStateReady").await;

    // It is the password of the next login, which removes it.
    let waiting = wait_for_password(&mut td, 3).await;
    assert_eq!(waiting["password_hint"], "a new hint");
    assert_eq!(waiting["has_recovery_email_address"], true, "the address stays");
    assert_eq!(td.ask(password("correct horse")).await["message"], "PASSWORD_HASH_INVALID");
    assert_eq!(td.ask(recover(sent, "")).await["message"], "PASSWORD_RECOVERY_EXPIRED", "it was used");
    assert_eq!(td.ask(request()).await["@type"], "ok");
    let mail = newest(&td).await["code"].clone();
    assert_eq!(td.ask(recover(mail.as_str().unwrap(), "")).await["@type"], "ok");
    td.state("authorizationStateReady").await;
    let state = td.ask(json!({"@type": "getPasswordState"})).await;
    assert_eq!(
        (&state["has_password"], &state["has_recovery_email_address"]),
        (&json!(false), &json!(false))
    );
    for client in [2, 3] {
        td.client = client;
        td.send(json!({"@type": "close"})).await;
        td.state("authorizationStateClosed").await;
    }
    td.end().await;
}

#[tokio::test]
async fn tdlib_signs_in_with_the_new_password_after_the_recovery() {
    let directory = tempfile::tempdir().unwrap();
    let mut td = TdlibProcess::start(&directory.path().join("data")).await;
    td.post("/phones", "number=9996621234").await;
    td.post("/phones/9996621234/password", "password=old&recovery_email=ada%40example.org").await;
    wait_for_password(&mut td, 1).await;
    assert_eq!(td.ask(request()).await["@type"], "ok");
    let mail = newest(&td).await["code"].clone();
    assert_eq!(td.ask(recover(mail.as_str().unwrap(), "new secret")).await["@type"], "ok");
    td.state("authorizationStateReady").await;
    td.log_out().await;
    wait_for_password(&mut td, 2).await;
    assert_eq!(td.ask(password("new secret")).await["@type"], "ok");
    td.state("authorizationStateReady").await;
    td.close().await;
}
