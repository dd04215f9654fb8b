//! Injected faults of accounts, as the tests' small client sees them: lost accounts, ended sessions, moved numbers.

use telescope_sandbox::Sandbox;
use telescope_sandbox::tl::{enums, functions};

use crate::common::client::{Client, Received};
use crate::common::key_exchange::{DEFAULT_EXCHANGE, KeyExchange, exchange_keys};
use crate::common::login::{
    ada, client, connect, error_text, number, send_code, sign_in, sign_in_with_code, signed_in,
};
use crate::common::packets::PLAIN;
use crate::phones::{get, post, sandbox_with_page, state};

const GET_STATE: functions::updates::GetState = functions::updates::GetState {};

/// The connection ends, possibly after other messages.
pub async fn ends(client: &mut Client) {
    while client.receive().await.is_some() {}
}

pub async fn back(client: Client, sandbox: &Sandbox) -> Client {
    client.reconnect(connect(sandbox, PLAIN).await)
}

#[tokio::test]
async fn a_lost_account_is_disconnected_and_gets_the_reason() {
    let (sandbox, address) = sandbox_with_page().await;
    let mut witness = signed_in(&sandbox, &number("9996630000")).await;
    for (account, word, after) in [
        ("banned", "401 USER_DEACTIVATED_BAN", Some("400 PHONE_NUMBER_BANNED")),
        ("deactivated", "401 USER_DEACTIVATED", None),
    ] {
        post(address, "/phones", "number=9996621234").await;
        post(address, "/phones/9996621234/account", "account=registered").await;
        let mut client = signed_in(&sandbox, &ada()).await;
        client.invoke(&GET_STATE).await.unwrap();
        assert_eq!(post(address, "/phones/9996621234/account", &format!("account={account}")).await, 303);
        ends(&mut client).await;
        let mut client = back(client, &sandbox).await;
        for _ in 0..2 {
            assert_eq!(error_text(client.invoke(&GET_STATE).await), word);
        }
        assert!(client.pending.iter().any(|new| new.parse::<enums::NewSession>().is_some()));
        let again = send_code(&mut client, "9996621234").await;
        assert_eq!(again.as_ref().err().map(ToString::to_string).as_deref(), after);
        if let Ok(sent) = again {
            let new =
                sign_in_with_code(&mut client, "9996621234", &sent.phone_code_hash, "22222").await.unwrap();
            assert!(
                matches!(new, enums::auth::Authorization::SignUpRequired(_)),
                "as if there had been none"
            );
        }
    }
    witness.invoke(&GET_STATE).await.unwrap();
}

fn is_config(received: &Received) -> bool {
    let update = received.parse::<enums::Updates>();
    matches!(update, Some(enums::Updates::UpdateShort(short)) if matches!(short.update, enums::Update::Config))
}

async fn app_config(client: &mut Client, hash: i32) -> Option<(i32, usize)> {
    match client.invoke(&functions::help::GetAppConfig { hash }).await.unwrap() {
        enums::help::AppConfig::NotModified => None,
        enums::help::AppConfig::Config(config) => match config.config {
            enums::Jsonvalue::JsonObject(object) => Some((config.hash, object.value.len())),
            other => panic!("{other:?}"),
        },
    }
}

#[tokio::test]
async fn a_frozen_account_can_be_read_but_not_changed() {
    let (sandbox, address) = sandbox_with_page().await;
    let mut client = signed_in(&sandbox, &ada()).await;
    client.invoke(&GET_STATE).await.unwrap();
    let (usual, entries) = app_config(&mut client, 0).await.unwrap();
    assert_eq!((entries, app_config(&mut client, usual).await), (0, None));
    post(address, "/phones/9996621234/account", "account=frozen").await;
    client.wait_for(is_config).await;
    let (frozen, entries) = app_config(&mut client, usual).await.unwrap();
    assert_eq!((entries, app_config(&mut client, frozen).await), (3, None));
    client.invoke(&GET_STATE).await.unwrap();
    client.invoke(&functions::account::GetAuthorizations {}).await.unwrap();
    let refused = "420 FROZEN_METHOD_INVALID";
    assert_eq!(error_text(client.invoke(&functions::auth::ResetAuthorizations {}).await), refused);
    assert_eq!(error_text(client.invoke(&functions::messages::GetAllDrafts {}).await), refused);
    assert!(get(address, "/").await.contains("Frozen"));
    let mut other = self::client(&sandbox).await;
    sign_in(&mut other, &ada()).await.expect("signing in is still possible");
    post(address, "/phones/9996621234/account", "account=registered").await;
    client.wait_for(is_config).await;
    assert_eq!(app_config(&mut client, frozen).await, Some((usual, 0)));
    sandbox.age_sessions(&ada(), 24 * 3600).await;
    client.invoke(&functions::auth::ResetAuthorizations {}).await.unwrap();
}

#[tokio::test]
async fn sessions_end_with_the_injected_reason() {
    let (sandbox, address) = sandbox_with_page().await;
    for (form, word) in [
        ("", "401 SESSION_REVOKED"),
        ("why=revoked", "401 SESSION_REVOKED"),
        ("why=expired", "401 SESSION_EXPIRED"),
        ("why=duplicated", "406 AUTH_KEY_DUPLICATED"),
    ] {
        let mut client = signed_in(&sandbox, &ada()).await;
        assert_eq!(post(address, "/phones/9996621234/revoke", form).await, 303);
        assert_eq!(error_text(client.invoke(&GET_STATE).await), word);
        assert_eq!(error_text(client.invoke(&GET_STATE).await), word, "for every call");
    }
    assert_eq!(post(address, "/phones/9996621234/revoke", "why=bored").await, 422);
}

#[tokio::test]
async fn an_error_can_be_injected_for_any_method() {
    let (sandbox, address) = sandbox_with_page().await;
    let (mut adas, mut other) =
        (signed_in(&sandbox, &ada()).await, signed_in(&sandbox, &number("9996630000")).await);
    let order = "method=*&number=9996621234&code=420&name=FLOOD_WAIT_7&times=2";
    assert_eq!(post(address, "/refusals", order).await, 303);
    other.invoke(&GET_STATE).await.unwrap();
    assert_eq!(error_text(adas.invoke(&GET_STATE).await), "420 FLOOD_WAIT_7");
    assert_eq!(error_text(adas.invoke(&functions::help::GetConfig {}).await), "420 FLOOD_WAIT_7");
    adas.invoke(&GET_STATE).await.unwrap();
}

#[tokio::test]
async fn a_number_is_served_only_at_its_data_centre() {
    let (sandbox, address) = sandbox_with_page().await;
    post(address, "/phones", "number=9996621234").await;
    assert_eq!(post(address, "/phones/9996621234/dc", "dc=4").await, 303);
    assert_eq!(state(address).await["phones"][0]["dc"], 4);
    let mut far = client(&sandbox).await;
    assert_eq!(error_text(send_code(&mut far, "9996621234").await), "303 PHONE_MIGRATE_4");
    let early = sign_in_with_code(&mut far, "9996621234", "hash", "22222").await;
    assert_eq!(error_text(early), "303 PHONE_MIGRATE_4");
    send_code(&mut far, "9996630000").await.expect("others are served");
    let mut stream = connect(&sandbox, PLAIN).await;
    let options = KeyExchange { dc: Some(10_004), ..DEFAULT_EXCHANGE };
    let (key, salt) = exchange_keys(&mut stream, &sandbox.public_key_pem(), options).await;
    sign_in(&mut Client::new(stream, key, salt), &ada()).await.unwrap();
    assert_eq!(post(address, "/phones/9996621234/dc", "dc=").await, 303);
    send_code(&mut far, "9996621234").await.unwrap();
    for form in ["dc=0", "dc=6", "dc=x", "dc=-1"] {
        assert_eq!(post(address, "/phones/9996621234/dc", form).await, 422, "{form}");
    }
}

#[tokio::test]
async fn a_code_can_be_expired() {
    let (sandbox, address) = sandbox_with_page().await;
    let mut client = client(&sandbox).await;
    post(address, "/phones", "number=9996621234").await;
    assert_eq!(post(address, "/phones/9996621234/expire-code", "").await, 422, "there is none");
    let sent = send_code(&mut client, "9996621234").await.unwrap();
    assert_eq!(post(address, "/phones/9996621234/expire-code", "").await, 303);
    let late = sign_in_with_code(&mut client, "9996621234", &sent.phone_code_hash, "22222").await;
    assert_eq!(error_text(late), "400 PHONE_CODE_EXPIRED");
    sign_in(&mut client, &ada()).await.expect("a new code works");
}
