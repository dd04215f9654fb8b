//! The real TDLib lists the devices of its account, ends them, and hears of new ones.

use serde_json::{Value, json};

use crate::tdlib_process::TdlibProcess;

const ADA: &str = "9996621234";

async fn sessions(td: &mut TdlibProcess) -> Vec<Value> {
    let answer = td.ask(json!({"@type": "getActiveSessions"})).await;
    answer["sessions"].as_array().unwrap_or_else(|| panic!("{answer}")).clone()
}

async fn sign_in_elsewhere(td: &TdlibProcess, form: &str) {
    td.post(&format!("/phones/{ADA}/sign-in"), form).await;
}

async fn signed_in(directory: &tempfile::TempDir) -> TdlibProcess {
    let mut td = TdlibProcess::start(&directory.path().join("data")).await;
    td.sign_in(ADA).await;
    td.wait_until_it_gets_updates().await;
    td
}

fn terminate(session: &Value) -> Value {
    json!({"@type": "terminateSession", "session_id": session["id"]})
}

fn find<'a>(sessions: &'a [Value], device: &str) -> &'a Value {
    sessions.iter().find(|session| session["device_model"] == device).expect("the device is listed")
}

#[tokio::test]
async fn tdlib_lists_devices_as_they_describe_themselves() {
    let directory = tempfile::tempdir().unwrap();
    let mut td = signed_in(&directory).await;
    let form =
        "device=Pixel+9&system=SDK+35&version=11.5.3&api_id=4&ip=203.0.113.7&country=Portugal&hours=30";
    sign_in_elsewhere(&td, form).await;
    let listed = sessions(&mut td).await;
    assert_eq!(listed.len(), 2);
    let pixel = find(&listed, "Pixel 9");
    for (field, value) in [
        ("application_name", json!("Telegram Android")),
        ("application_version", json!("11.5.3")),
        ("is_official_application", json!(true)),
        ("platform", json!("Android")),
        ("system_version", json!("SDK 35")),
        ("ip_address", json!("203.0.113.7")),
        ("location", json!("Portugal")),
        ("is_current", json!(false)),
        ("is_unconfirmed", json!(false)),
    ] {
        assert_eq!(pixel[field], value, "{field}: {pixel}");
    }
    let own = find(&listed, "Story");
    assert_eq!(
        (own["is_current"].clone(), own["is_official_application"].clone()),
        (json!(true), json!(false))
    );
    let age = own["log_in_date"].as_i64().unwrap() - pixel["log_in_date"].as_i64().unwrap();
    assert!((30 * 3600 - 60..=30 * 3600 + 60).contains(&age), "{age}");
    td.close().await;
}

#[tokio::test]
async fn a_session_ends_others_once_it_is_a_day_old() {
    let directory = tempfile::tempdir().unwrap();
    let mut td = signed_in(&directory).await;
    td.client = 2;
    td.sign_in(ADA).await;
    td.client = 1;
    let message = td.message("New login").await;
    assert_eq!(message["message"]["chat_id"], 777_000);
    sign_in_elsewhere(&td, "device=Phone").await;
    let listed = sessions(&mut td).await;
    assert_eq!(listed.len(), 3);
    let refused = "FRESH_RESET_AUTHORISATION_FORBIDDEN";
    let all = json!({"@type": "terminateAllOtherSessions"});
    let lifetime = |days| json!({"@type": "setInactiveSessionTtl", "inactive_session_ttl_days": days});
    for request in [terminate(find(&listed, "Phone")), all.clone(), lifetime(30)] {
        let answer = td.ask(request).await;
        assert_eq!((answer["code"].clone(), answer["message"].clone()), (json!(406), json!(refused)));
    }
    td.post(&format!("/phones/{ADA}/age"), "hours=24").await;
    assert_eq!(td.ask(terminate(find(&listed, "Phone"))).await["@type"], "ok");
    let gone = td.ask(terminate(find(&listed, "Phone"))).await;
    assert_eq!((gone["code"].clone(), gone["message"].clone()), (json!(400), json!("HASH_INVALID")));
    assert_eq!(sessions(&mut td).await.len(), 2);
    assert_eq!(td.ask(all).await["@type"], "ok");
    assert_eq!(sessions(&mut td).await.len(), 1);
    assert_eq!(td.ask(lifetime(30)).await["@type"], "ok");
    let answer = td.ask(json!({"@type": "getActiveSessions"})).await;
    assert_eq!(answer["inactive_session_ttl_days"], 30);
    // The other client is really signed out.
    td.client = 2;
    td.state("authorizationStateLoggingOut").await;
    td.state("authorizationStateClosed").await;
    td.client = 1;
    td.close().await;
}

#[tokio::test]
async fn tdlib_hears_of_a_session_that_has_to_be_confirmed() {
    let directory = tempfile::tempdir().unwrap();
    let mut td = signed_in(&directory).await;
    sign_in_elsewhere(&td, "device=Pixel+9&api_id=4&country=Portugal&unconfirmed=true&announced=true").await;
    let update = td
        .wait_for("an unconfirmed session", |value| {
            value["@type"] == "updateUnconfirmedSession" && value["session"].is_object()
        })
        .await;
    let session = &update["session"];
    assert_eq!(session["location"], "Portugal", "{session}");
    let listed = sessions(&mut td).await;
    let pixel = find(&listed, "Pixel 9");
    assert_eq!((pixel["is_unconfirmed"].clone(), &pixel["id"]), (json!(true), &session["id"]));
    let confirm = json!({"@type": "confirmSession", "session_id": session["id"]});
    assert_eq!(td.ask(confirm).await["@type"], "ok");
    td.wait_for("no unconfirmed session", |value| {
        value["@type"] == "updateUnconfirmedSession" && !value["session"].is_object()
    })
    .await;
    let listed = sessions(&mut td).await;
    assert_eq!(find(&listed, "Pixel 9")["is_unconfirmed"], false);
    td.message("New login").await;
    td.close().await;
}

#[tokio::test]
async fn a_hundred_devices_end_and_one_that_comes_later_stays() {
    let directory = tempfile::tempdir().unwrap();
    let mut td = signed_in(&directory).await;
    td.post(&format!("/phones/{ADA}/age"), "hours=48").await;
    sign_in_elsewhere(&td, "device=Phone&count=100").await;
    assert_eq!(sessions(&mut td).await.len(), 101);
    assert_eq!(td.ask(json!({"@type": "terminateAllOtherSessions"})).await["@type"], "ok");
    sign_in_elsewhere(&td, "device=Late").await;
    let left = sessions(&mut td).await;
    assert_eq!(left.len(), 2);
    find(&left, "Late");
    td.close().await;
}
