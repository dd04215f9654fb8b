//! The real TDLib with every way to deliver a code.

use serde_json::{Value, json};

use crate::tdlib_process::{TdlibProcess, code};

const WAITING: &str = "authorizationStateWaitCode";

/// Asks for a code, and returns how TDLib describes it.
pub async fn ask_for_code(td: &mut TdlibProcess, number: &str) -> Value {
    let asked = json!({"@type": "setAuthenticationPhoneNumber", "phone_number": number});
    assert_eq!(td.ask(asked).await["@type"], "ok");
    td.state(WAITING).await["code_info"].clone()
}

async fn resend(td: &mut TdlibProcess) -> Value {
    let answer = td.ask(json!({"@type": "resendAuthenticationCode", "reason": null})).await;
    assert_eq!(answer["@type"], "ok", "{answer}");
    td.state(WAITING).await["code_info"].clone()
}

/// The newest message on the only phone.
pub async fn newest(td: &TdlibProcess) -> Value {
    td.get("/state.json").await["phones"][0]["messages"][0].clone()
}

fn kind(name: &str, details: Value) -> Value {
    let mut kind = details;
    kind["@type"] = json!(format!("authenticationCodeType{name}"));
    kind
}

#[tokio::test]
async fn tdlib_walks_through_all_deliveries() {
    let directory = tempfile::tempdir().unwrap();
    let mut td = TdlibProcess::start(&directory.path().join("data")).await;
    td.post("/phones", "number=9996621234").await;
    let order = "sequence=app,sms,call,flash_call,missed_call,fragment,sms_word,sms_phrase,firebase_sms,sms\
                 &timeout=60&length=7&words=Silver+moon";
    td.post("/phones/9996621234/deliveries", order).await;
    td.open().await;
    td.state("authorizationStateWaitPhoneNumber").await;
    let mut info = ask_for_code(&mut td, "9996621234").await;
    let digits = "2222222";
    let length = json!({"length": 7});
    let url = "https://fragment.com/login/9996621234";
    for (current, next, from, code) in [
        (kind("TelegramMessage", length.clone()), "Sms", "Telegram", digits),
        (kind("Sms", length.clone()), "Call", "SMS", digits),
        (kind("Call", length.clone()), "FlashCall", "Call", digits),
        (kind("FlashCall", json!({"pattern": "+42100*******"})), "MissedCall", "Missed call", "421002222222"),
        (
            kind("MissedCall", json!({"phone_number_prefix": "+42100", "length": 7})),
            "Fragment",
            "Missed call",
            digits,
        ),
        (kind("Fragment", json!({"url": url, "length": 7})), "Sms", "Fragment", digits),
        (kind("SmsWord", json!({"first_letter": "S"})), "Sms", "SMS", "Silver"),
        (kind("SmsPhrase", json!({"first_word": "Silver"})), "Sms", "SMS", "Silver moon"),
    ] {
        assert_eq!(info["type"], current, "{info}");
        assert_eq!(info["next_type"]["@type"], format!("authenticationCodeType{next}"), "{info}");
        assert!((59..=61).contains(&info["timeout"].as_i64().unwrap()), "{info}");
        let message = newest(&td).await;
        assert_eq!((&message["from"], &message["code"]), (&json!(from), &json!(code)), "{message}");
        info = resend(&mut td).await;
    }

    // TDLib for desktops does not know Firebase, and shows an SMS. It comes when it is asked for.
    assert_eq!(info["type"], kind("Sms", length.clone()));
    assert_eq!(newest(&td).await["code"], "Silver moon", "nothing came yet");
    let token = json!({"@type": "sendAuthenticationFirebaseSms", "token": "proof"});
    assert_eq!(td.ask(token).await["@type"], "ok");
    assert_eq!(
        (newest(&td).await["from"].clone(), newest(&td).await["code"].clone()),
        (json!("SMS"), json!(digits))
    );

    let report = json!({"@type": "reportAuthenticationCodeMissing", "mobile_network_code": "25001"});
    td.send(report).await;
    let info = resend(&mut td).await;
    assert_eq!((&info["type"], &info["next_type"]), (&kind("Sms", length), &Value::Null), "the last one");
    assert_eq!(td.get("/state.json").await["phones"][0]["missing_codes"], json!(["25001"]));
    let refused = td.ask(json!({"@type": "resendAuthenticationCode", "reason": null})).await;
    assert_eq!(refused["message"], "Authentication code can't be resend");
    assert_eq!(td.ask(code("222222")).await["message"], "PHONE_CODE_INVALID");
    assert_eq!(td.ask(code(digits)).await["@type"], "ok");
    td.state("authorizationStateReady").await;
    td.close().await;
}

#[tokio::test]
async fn tdlib_signs_in_with_words_and_with_the_number_of_a_caller() {
    let directory = tempfile::tempdir().unwrap();
    let mut td = TdlibProcess::start(&directory.path().join("data")).await;
    for (client, (sequence, wrong, right)) in [
        ("sms_word", "Silver moon", " silver "),
        ("sms_phrase", "Silver", "SILVER moon"),
        ("flash_call", "22222", "+4210022222"),
        ("missed_call", "4210022222", "22222"),
    ]
    .into_iter()
    .enumerate()
    {
        td.client = u32::try_from(client).unwrap() + 1;
        let number = format!("999662000{client}");
        td.post("/phones", &format!("number={number}")).await;
        let order = format!("sequence={sequence}&words=Silver+moon");
        td.post(&format!("/phones/{number}/deliveries"), &order).await;
        td.open().await;
        td.state("authorizationStateWaitPhoneNumber").await;
        let info = ask_for_code(&mut td, &number).await;
        assert_eq!((&info["next_type"], &info["timeout"]), (&Value::Null, &json!(0)), "{info}");
        assert_eq!(td.ask(code(wrong)).await["message"], "PHONE_CODE_INVALID", "{sequence}");
        assert_eq!(td.ask(code(right)).await["@type"], "ok", "{sequence}");
        td.state("authorizationStateReady").await;
        td.log_out().await;
    }
    td.end().await;
}
