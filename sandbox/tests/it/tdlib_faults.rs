//! The real TDLib with injected faults.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::tdlib_process::{TdlibProcess, code};

const SESSIONS: &str = r#"{"@type":"getActiveSessions"}"#;

fn sessions() -> serde_json::Value {
    serde_json::from_str(SESSIONS).unwrap()
}

#[tokio::test]
async fn tdlib_notices_a_lost_account_without_a_request() {
    let directory = tempfile::tempdir().unwrap();
    let mut td = TdlibProcess::start(&directory.path().join("data")).await;
    for (client, (path, form)) in
        [("account", "account=banned"), ("account", "account=deactivated"), ("revoke", "why=expired")]
            .into_iter()
            .enumerate()
    {
        td.client = u32::try_from(client).unwrap() + 1;
        let number = format!("999662000{client}");
        td.sign_in(&number).await;
        let begun = Instant::now();
        td.post(&format!("/phones/{number}/{path}"), form).await;
        td.state("authorizationStateLoggingOut").await;
        td.state("authorizationStateClosed").await;
        println!("{form}: Closed after {:?}", begun.elapsed());
    }
    td.end().await;
}

#[tokio::test]
async fn tdlib_stays_signed_in_with_a_duplicated_key_and_reports_it() {
    let directory = tempfile::tempdir().unwrap();
    let mut td = TdlibProcess::start(&directory.path().join("data")).await;
    td.sign_in("9996621234").await;
    td.post("/phones/9996621234/revoke", "why=duplicated").await;
    let refused = td.ask(sessions()).await;
    assert_eq!((&refused["code"], &refused["message"]), (&json!(406), &json!("AUTH_KEY_DUPLICATED")));
    let state = td.ask(json!({"@type": "getAuthorizationState"})).await;
    assert_eq!(state["@type"], "authorizationStateReady");
    td.close().await;
}

#[tokio::test]
async fn tdlib_is_told_when_its_account_is_frozen_and_unfrozen() {
    let directory = tempfile::tempdir().unwrap();
    let mut td = TdlibProcess::start(&directory.path().join("data")).await;
    td.sign_in("9996621234").await;
    td.wait_until_it_gets_updates().await;
    td.post("/phones/9996621234/account", "account=frozen").await;
    let frozen = td.wait_for("freeze", |value| value["@type"] == "updateFreezeState").await;
    assert_eq!(
        (&frozen["is_frozen"], &frozen["appeal_link"]),
        (&json!(true), &json!("https://t.me/spambot"))
    );
    assert!(frozen["deletion_date"].as_i64() > frozen["freezing_date"].as_i64());
    let refused = td.ask(json!({"@type": "terminateAllOtherSessions"})).await;
    assert_eq!((&refused["code"], &refused["message"]), (&json!(406), &json!("FROZEN_METHOD_INVALID")));
    assert_eq!(td.ask(sessions()).await["@type"], "sessions", "reading is allowed");
    td.post("/phones/9996621234/account", "account=registered").await;
    let thawed = td.wait_for("thaw", |value| value["@type"] == "updateFreezeState").await;
    assert_eq!(thawed["is_frozen"], false);
    td.close().await;
}

#[tokio::test]
async fn tdlib_waits_for_a_short_flood_limit_and_reports_a_long_one() {
    let directory = tempfile::tempdir().unwrap();
    let mut td = TdlibProcess::start(&directory.path().join("data")).await;
    td.sign_in("9996621234").await;
    td.wait_until_it_gets_updates().await;
    let order = "method=account.getAuthorizations&number=9996621234&code=420&name=FLOOD_WAIT_2&times=1";
    td.post("/refusals", order).await;
    let begun = Instant::now();
    assert_eq!(td.ask(sessions()).await["@type"], "sessions");
    assert!(begun.elapsed() >= Duration::from_secs(2), "{:?}", begun.elapsed());
    let order = "method=*&number=9996621234&code=420&name=FLOOD_WAIT_300&times=1";
    td.post("/refusals", order).await;
    let refused = td.ask(sessions()).await;
    assert_eq!(refused["code"], 429);
    assert_eq!(refused["message"], "Too Many Requests: retry after 300");
    td.close().await;
}

#[tokio::test]
async fn tdlib_follows_a_number_to_its_data_centre() {
    let directory = tempfile::tempdir().unwrap();
    let mut td = TdlibProcess::start(&directory.path().join("data")).await;
    td.post("/phones", "number=9996621234").await;
    td.post("/phones/9996621234/dc", "dc=4").await;
    td.sign_in("9996621234").await;
    assert_eq!(td.get("/requests.json").await["auth.sendCode"]["by_number"]["9996621234"], 2);
    assert_eq!(td.ask(sessions()).await["@type"], "sessions");

    td.client = 2;
    td.post("/refusals", "method=auth.sendCode&number=9996630000&code=303&name=NETWORK_MIGRATE_3").await;
    td.sign_in("9996630000").await;
    assert_eq!(td.get("/requests.json").await["auth.sendCode"]["by_number"]["9996630000"], 2);

    // The number moves between the code and signing in: TDLib repeats the request at the other data centre.
    td.client = 3;
    td.open().await;
    td.state("authorizationStateWaitPhoneNumber").await;
    td.ask(json!({"@type": "setAuthenticationPhoneNumber", "phone_number": "9996640000"})).await;
    td.state("authorizationStateWaitCode").await;
    td.post("/phones/9996640000/dc", "dc=5").await;
    assert_eq!(td.ask(code("44444")).await["@type"], "ok");
    td.state("authorizationStateReady").await;
    for client in [1, 2, 3] {
        td.client = client;
        td.send(json!({"@type": "close"})).await;
        td.state("authorizationStateClosed").await;
    }
    td.end().await;
}

#[tokio::test]
async fn tdlib_reports_an_expired_code_and_accepts_the_next() {
    let directory = tempfile::tempdir().unwrap();
    let mut td = TdlibProcess::start(&directory.path().join("data")).await;
    td.open().await;
    td.state("authorizationStateWaitPhoneNumber").await;
    let asked = json!({"@type": "setAuthenticationPhoneNumber", "phone_number": "9996621234"});
    td.ask(asked.clone()).await;
    td.state("authorizationStateWaitCode").await;
    td.post("/phones/9996621234/expire-code", "").await;
    let refused = td.ask(code("22222")).await;
    assert_eq!((&refused["code"], &refused["message"]), (&json!(400), &json!("PHONE_CODE_EXPIRED")));
    assert_eq!(td.ask(asked).await["@type"], "ok");
    assert_eq!(td.ask(code("22222")).await["@type"], "ok");
    td.state("authorizationStateReady").await;
    td.close().await;
}
