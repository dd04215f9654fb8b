//! How codes are delivered, as the tests' small client sees it.

use telescope_sandbox::tl::{enums, functions};
use telescope_sandbox::{Deliveries, Delivery, Options, Sandbox};

use crate::common::login::{ada, client, connect, error_text, send_code, sign_in_with_code};
use crate::common::packets::PLAIN;
use crate::phones::{post, sandbox_with_page, state};

fn resend(hash: &str) -> functions::auth::ResendCode {
    let (phone_number, phone_code_hash) = ("9996621234".to_owned(), hash.to_owned());
    functions::auth::ResendCode { phone_number, phone_code_hash, reason: None }
}

#[tokio::test]
async fn deliveries_continue_after_a_restart_and_end() {
    let data = tempfile::tempdir().unwrap();
    let start = || Sandbox::start(Options { data: Some(data.path().to_owned()), ..Options::default() });
    let sandbox = start().await.unwrap();
    let sequence = vec![Delivery::Fragment, Delivery::MissedCall];
    let chosen = Deliveries { sequence, timeout: Some(30), length: 3, ..Deliveries::default() };
    sandbox.set_deliveries(&ada(), chosen).await;
    let mut before = client(&sandbox).await;
    let sent = send_code(&mut before, "9996621234").await.unwrap();
    assert_eq!((sent.next_type, sent.timeout), (Some(enums::auth::CodeType::MissedCall), Some(30)));
    assert!(matches!(&sent.r#type, enums::auth::SentCodeType::FragmentSms(it) if it.length == 3));
    drop(sandbox);

    let sandbox = start().await.unwrap();
    let mut after = before.reconnect(connect(&sandbox, PLAIN).await);
    let resend = resend(&sent.phone_code_hash);
    let enums::auth::SentCode::Code(again) = after.invoke(&resend).await.unwrap() else { panic!("no code") };
    assert_eq!((again.next_type, again.timeout, &again.phone_code_hash), (None, None, &sent.phone_code_hash));
    assert!(
        matches!(&again.r#type, enums::auth::SentCodeType::MissedCall(it) if it.prefix == "+42100" && it.length == 3)
    );
    assert_eq!(error_text(after.invoke(&resend).await), "406 SEND_CODE_UNAVAILABLE");
    sign_in_with_code(&mut after, "9996621234", &sent.phone_code_hash, "222").await.unwrap();
}

#[tokio::test]
async fn missing_codes_and_firebase_need_the_hash_of_the_code() {
    let (sandbox, address) = sandbox_with_page().await;
    let mut client = client(&sandbox).await;
    let sent = send_code(&mut client, "9996621234").await.unwrap();
    let report = |hash: &str| functions::auth::ReportMissingCode {
        phone_number: "9996621234".to_owned(),
        phone_code_hash: hash.to_owned(),
        mnc: "26201".to_owned(),
    };
    let firebase = |hash: &str| functions::auth::RequestFirebaseSms {
        phone_number: "9996621234".to_owned(),
        phone_code_hash: hash.to_owned(),
        safety_net_token: None,
        play_integrity_token: Some("proof".to_owned()),
        ios_push_secret: None,
    };
    assert_eq!(error_text(client.invoke(&report("old")).await), "400 PHONE_CODE_EXPIRED");
    assert_eq!(error_text(client.invoke(&firebase("old")).await), "400 PHONE_CODE_EXPIRED");
    assert_eq!(client.invoke(&report(&sent.phone_code_hash)).await, Ok(true));
    assert_eq!(client.invoke(&firebase(&sent.phone_code_hash)).await, Ok(false), "no code waits for it");
    assert_eq!(state(address).await["phones"][0]["missing_codes"], serde_json::json!(["26201"]));
    let requests = sandbox.requests();
    assert_eq!(
        (requests.of("auth.reportMissingCode", &ada()), requests.of("auth.requestFirebaseSms", &ada())),
        (2, 2)
    );

    let sequence = vec![Delivery::FirebaseSms];
    sandbox.set_deliveries(&ada(), Deliveries { sequence, ..Deliveries::default() }).await;
    let sent = send_code(&mut client, "9996621234").await.unwrap();
    assert_eq!(sandbox.inspect(|backend| backend.phones[&ada()].sms.len()), 1, "that of the first code");
    assert_eq!(client.invoke(&firebase(&sent.phone_code_hash)).await, Ok(true));
    assert_eq!(sandbox.inspect(|backend| backend.phones[&ada()].sms.len()), 2);
}

#[tokio::test]
async fn the_page_checks_the_chosen_deliveries() {
    let (sandbox, address) = sandbox_with_page().await;
    post(address, "/phones", "number=9996621234").await;
    let path = "/phones/9996621234/deliveries";
    for wrong in [
        "sequence=pigeon",
        "sequence=sms,app",
        "timeout=0",
        "timeout=soon",
        "length=0",
        "length=33",
        &format!("sequence={}", ["sms"; 21].join(",")),
    ] {
        assert_eq!(post(address, path, wrong).await, 422, "{wrong}");
    }
    assert_eq!(post(address, path, "sequence=app,+call&timeout=+5+&length=32&words=+a+b+").await, 303);
    let chosen = sandbox.inspect(|backend| backend.phones[&ada()].deliveries.clone());
    let sequence = vec![Delivery::App, Delivery::Call];
    assert_eq!(chosen, Deliveries { sequence, timeout: Some(5), length: 32, words: "a b".to_owned() });
    assert_eq!(post(address, path, "").await, 303, "back to the defaults");
    assert_eq!(sandbox.inspect(|backend| backend.phones[&ada()].deliveries.clone()), Deliveries::default());
}
