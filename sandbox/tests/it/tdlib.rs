//! The real TDLib in an empty network: signing in, messages, and a killed server.

use std::time::Instant;

use serde_json::json;

use crate::launch::addresses;
use crate::tdlib_process::{TdlibProcess, code, password};

#[tokio::test]
async fn tdlib_signs_in_and_survives_a_killed_server() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let mut td = TdlibProcess::start(&data).await;
    td.post("/phones", "number=9996621234").await;
    td.post("/phones/9996621234/password", "password=correct+horse&hint=four+words").await;

    // A wrong code, the right one; a wrong password, the right one.
    td.open().await;
    td.state("authorizationStateWaitPhoneNumber").await;
    let asked = json!({"@type": "setAuthenticationPhoneNumber", "phone_number": "+9996621234"});
    assert_eq!(td.ask(asked).await["@type"], "ok");
    let waiting = td.state("authorizationStateWaitCode").await;
    assert_eq!(waiting["code_info"]["type"]["@type"], "authenticationCodeTypeSms");
    let refused = td.ask(code("00000")).await;
    assert_eq!((&refused["code"], &refused["message"]), (&json!(400), &json!("PHONE_CODE_INVALID")));
    let sms = td.get("/state.json").await["phones"][0]["messages"][0]["code"].clone();
    assert_eq!(td.ask(code(sms.as_str().unwrap())).await["@type"], "ok");
    let waiting = td.state("authorizationStateWaitPassword").await;
    assert_eq!(waiting["password_hint"], "four words");
    assert_eq!(td.ask(password("wrong")).await["message"], "PASSWORD_HASH_INVALID");
    let begun = Instant::now();
    assert_eq!(td.ask(password("correct horse")).await["@type"], "ok");
    td.state("authorizationStateReady").await;
    println!("password to Ready: {:?}", begun.elapsed());

    td.connection("connectionStateReady").await;
    let me = td.ask(json!({"@type": "getMe"})).await;
    assert_eq!(me["phone_number"], "9996621234");
    assert_eq!(td.ask(json!({"@type": "getActiveSessions"})).await["sessions"].as_array().unwrap().len(), 1);

    // A code with a leading zero arrives as a message.
    td.ask(json!({"@type": "createPrivateChat", "user_id": 777000, "force": true})).await;
    td.wait_until_it_gets_updates().await;
    td.post("/phones/9996621234/message", "text=Login+code%3A+01234.+Do+not+give+this+code+to+anyone").await;
    let message = td.message("01234").await;
    assert_eq!(message["message"]["chat_id"], 777000);

    // A new name arrives as an update.
    td.post("/phones/9996621234/name", "first_name=Renata").await;
    td.wait_for("new name", |value| {
        value["@type"] == "updateUser" && value["user"]["first_name"] == "Renata"
    })
    .await;

    // The server is killed. TDLib reconnects and gets what it missed.
    let addresses = addresses(&data).await;
    let server = addresses["server_pid"].as_u64().unwrap().to_string();
    assert!(std::process::Command::new("kill").args(["-9", &server]).status().unwrap().success());
    let begun = Instant::now();
    td.post("/phones/9996621234/message", "text=after+the+restart").await;
    td.message("after the restart").await;
    println!("death of the server to its next message: {:?}", begun.elapsed());
    assert_ne!(td.get("/state.json").await["pid"].as_u64().unwrap().to_string(), server);
    td.close().await;

    // Everything is restarted from the disk: no code is requested.
    let mut td = TdlibProcess::start(&data).await;
    td.open().await;
    let begun = Instant::now();
    td.state("authorizationStateReady").await;
    td.connection("connectionStateReady").await;
    println!("restart to Ready: {:?}", begun.elapsed());
    assert_eq!(td.ask(json!({"@type": "getMe"})).await["phone_number"], "9996621234");
    let requests = td.get("/requests.json").await;
    assert_eq!(requests["auth.sendCode"]["total"], 1, "one code in both runs");
    let chat = json!({"@type": "createPrivateChat", "user_id": 777000, "force": true});
    td.ask(chat).await;
    let history = json!({"@type": "getChatHistory", "chat_id": 777000, "from_message_id": 0, "offset": 0, "limit": 10,
        "only_local": false});
    let history = td.ask(history).await;
    assert_eq!(history["messages"][0]["content"]["text"]["text"], "after the restart");

    // The sessions are revoked: TDLib notices without a request.
    td.post("/phones/9996621234/revoke", "").await;
    td.state("authorizationStateLoggingOut").await;
    td.state("authorizationStateClosed").await;
    td.end().await;
}
