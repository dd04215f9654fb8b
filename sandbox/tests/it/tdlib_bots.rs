//! The real TDLib signs in as a bot.

use serde_json::{Value, json};

use crate::tdlib_process::TdlibProcess;

fn token(text: &str) -> Value {
    json!({"@type": "checkAuthenticationBotToken", "token": text})
}

#[tokio::test]
async fn tdlib_signs_in_with_a_token_and_knows_that_it_is_a_bot() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let mut td = TdlibProcess::start(&data).await;
    td.post("/bots", "name=Helper&username=helper_bot&token=42%3Asecret").await;
    td.open().await;
    td.state("authorizationStateWaitPhoneNumber").await;
    assert_eq!(td.ask(token("42:other")).await["message"], "ACCESS_TOKEN_INVALID");
    assert_eq!(td.ask(token("42:secret")).await["@type"], "ok");
    td.state("authorizationStateReady").await;
    let me = td.ask(json!({"@type": "getMe"})).await;
    assert_eq!((&me["id"], &me["type"]["@type"]), (&json!(42), &json!("userTypeBot")), "{me}");
    assert_eq!(me["usernames"]["editable_username"], "helper_bot");
    assert_eq!((&me["first_name"], &me["phone_number"]), (&json!("Helper"), &json!("")));
    td.connection("connectionStateReady").await;
    td.close().await;

    // The session goes on after a restart, and ends like others.
    let mut td = TdlibProcess::start(&data).await;
    td.open().await;
    td.state("authorizationStateReady").await;
    td.connection("connectionStateReady").await;
    assert_eq!(td.get("/requests.json").await["auth.importBotAuthorization"]["total"], 2);
    td.post("/phones/0000042/revoke", "").await;
    td.state("authorizationStateLoggingOut").await;
    td.state("authorizationStateClosed").await;
    td.end().await;
}
