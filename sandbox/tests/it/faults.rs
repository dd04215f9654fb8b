//! Faults on order, as the small client sees them: lost accounts, ended sessions, a broken network.

use std::time::{Duration, Instant};

use telescope_sandbox::tl::{enums, functions, types};
use telescope_sandbox::{Sandbox, number};

use crate::client::{Client, Received};
use crate::exchange::{Exchange, USUAL, exchange_keys};
use crate::phones::{get, post, sandbox_with_page, state};
use crate::support::{ada, client, enter, refusal, send_code, sign_in, signed_in, wire};
use crate::wire::{PLAIN, Way, Wire};

const GET_STATE: functions::updates::GetState = functions::updates::GetState {};
const PING: functions::Ping = functions::Ping { ping_id: 1 };

/// The connection ends, whatever is said before.
async fn ends(client: &mut Client) {
    while client.receive().await.is_some() {}
}

async fn back(client: Client, sandbox: &Sandbox) -> Client {
    client.on(wire(sandbox, PLAIN).await)
}

#[tokio::test]
async fn a_lost_account_is_cut_off_and_told_why() {
    let (sandbox, address) = sandbox_with_page().await;
    let mut witness = signed_in(&sandbox, &number("9996630000").unwrap()).await;
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
            assert_eq!(refusal(client.invoke(&GET_STATE).await), word);
        }
        assert!(client.others.iter().any(|new| new.parse::<enums::NewSession>().is_some()));
        let again = send_code(&mut client, "9996621234").await;
        assert_eq!(again.as_ref().err().map(ToString::to_string).as_deref(), after);
        if let Ok(sent) = again {
            let new = enter(&mut client, "9996621234", &sent.phone_code_hash, "22222").await.unwrap();
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
async fn a_frozen_account_can_be_read_and_not_changed() {
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
    assert_eq!(refusal(client.invoke(&functions::auth::ResetAuthorizations {}).await), refused);
    assert_eq!(refusal(client.invoke(&functions::messages::GetAllDrafts {}).await), refused);
    assert!(get(address, "/").await.contains("Frozen"));
    let mut other = self::client(&sandbox).await;
    sign_in(&mut other, &ada()).await.expect("signing in is still possible");
    post(address, "/phones/9996621234/account", "account=registered").await;
    client.wait_for(is_config).await;
    assert_eq!(app_config(&mut client, frozen).await, Some((usual, 0)));
    client.invoke(&functions::auth::ResetAuthorizations {}).await.unwrap();
}

#[tokio::test]
async fn sessions_end_for_the_reason_that_was_ordered() {
    let (sandbox, address) = sandbox_with_page().await;
    for (form, word) in [
        ("", "401 SESSION_REVOKED"),
        ("why=revoked", "401 SESSION_REVOKED"),
        ("why=expired", "401 SESSION_EXPIRED"),
        ("why=duplicated", "406 AUTH_KEY_DUPLICATED"),
    ] {
        let mut client = signed_in(&sandbox, &ada()).await;
        assert_eq!(post(address, "/phones/9996621234/revoke", form).await, 303);
        assert_eq!(refusal(client.invoke(&GET_STATE).await), word);
        assert_eq!(refusal(client.invoke(&GET_STATE).await), word, "for every call");
    }
    assert_eq!(post(address, "/phones/9996621234/revoke", "why=bored").await, 422);
}

#[tokio::test]
async fn an_error_can_be_ordered_for_any_method() {
    let (sandbox, address) = sandbox_with_page().await;
    let (mut ada_s, mut other) =
        (signed_in(&sandbox, &ada()).await, signed_in(&sandbox, &number("9996630000").unwrap()).await);
    let order = "method=*&number=9996621234&code=420&name=FLOOD_WAIT_7&times=2";
    assert_eq!(post(address, "/refusals", order).await, 303);
    other.invoke(&GET_STATE).await.unwrap();
    assert_eq!(refusal(ada_s.invoke(&GET_STATE).await), "420 FLOOD_WAIT_7");
    assert_eq!(refusal(ada_s.invoke(&functions::help::GetConfig {}).await), "420 FLOOD_WAIT_7");
    ada_s.invoke(&GET_STATE).await.unwrap();
}

#[tokio::test]
async fn a_number_is_served_at_its_data_centre_only() {
    let (sandbox, address) = sandbox_with_page().await;
    post(address, "/phones", "number=9996621234").await;
    assert_eq!(post(address, "/phones/9996621234/dc", "dc=4").await, 303);
    assert_eq!(state(address).await["phones"][0]["dc"], 4);
    let mut far = client(&sandbox).await;
    assert_eq!(refusal(send_code(&mut far, "9996621234").await), "303 PHONE_MIGRATE_4");
    let early = enter(&mut far, "9996621234", "hash", "22222").await;
    assert_eq!(refusal(early), "303 PHONE_MIGRATE_4");
    send_code(&mut far, "9996630000").await.expect("others are served");
    let mut wire = wire(&sandbox, PLAIN).await;
    let how = Exchange { dc: Some(10_004), ..USUAL };
    let (key, salt) = exchange_keys(&mut wire, &sandbox.public_key_pem(), how).await;
    sign_in(&mut Client::new(wire, key, salt), &ada()).await.unwrap();
    assert_eq!(post(address, "/phones/9996621234/dc", "dc=").await, 303);
    send_code(&mut far, "9996621234").await.unwrap();
    for form in ["dc=0", "dc=6", "dc=x", "dc=-1"] {
        assert_eq!(post(address, "/phones/9996621234/dc", form).await, 422, "{form}");
    }
}

#[tokio::test]
async fn a_code_can_be_made_too_old() {
    let (sandbox, address) = sandbox_with_page().await;
    let mut client = client(&sandbox).await;
    post(address, "/phones", "number=9996621234").await;
    assert_eq!(post(address, "/phones/9996621234/expire-code", "").await, 422, "there is none");
    let sent = send_code(&mut client, "9996621234").await.unwrap();
    assert_eq!(post(address, "/phones/9996621234/expire-code", "").await, 303);
    let late = enter(&mut client, "9996621234", &sent.phone_code_hash, "22222").await;
    assert_eq!(refusal(late), "400 PHONE_CODE_EXPIRED");
    sign_in(&mut client, &ada()).await.expect("a new one is good");
}

#[tokio::test]
async fn in_a_silence_requests_are_carried_out_and_answers_wait() {
    let (sandbox, address) = sandbox_with_page().await;
    let mut ada_s = signed_in(&sandbox, &ada()).await;
    let mut other = signed_in(&sandbox, &number("9996630000").unwrap()).await;
    ada_s.invoke(&GET_STATE).await.unwrap();
    assert_eq!(post(address, "/network", "fault=silence&seconds=2&number=9996621234").await, 303);
    assert!(get(address, "/").await.contains("Silence towards 9996621234"));
    let (begun, before) = (Instant::now(), sandbox.requests().total("updates.getState"));
    sandbox.push_message(&ada(), "unheard").await.unwrap();
    other.invoke(&GET_STATE).await.unwrap();
    assert!(begun.elapsed() < Duration::from_secs(1), "others are answered");
    ada_s.invoke(&GET_STATE).await.unwrap();
    assert!(begun.elapsed() > Duration::from_millis(1900), "{:?}", begun.elapsed());
    assert_eq!(sandbox.requests().total("updates.getState"), before + 2);
    ada_s.wait_for(|received| received.parse::<enums::Updates>().is_some()).await;

    // A silence towards everybody covers key exchanges, and ends on order.
    post(address, "/network", "fault=silence&seconds=3600").await;
    let sandbox = std::sync::Arc::new(sandbox);
    let late = tokio::spawn({
        let sandbox = std::sync::Arc::clone(&sandbox);
        async move { client(&sandbox).await }
    });
    let asked = other.tell(&PING).await;
    sandbox.push_message(&number("9996630000").unwrap(), "unheard").await.unwrap();
    post(address, "/network", "fault=silence&seconds=0").await;
    let enums::Pong::Pong(pong) = other.wait_as().await;
    assert_eq!(pong.msg_id, asked);
    late.await.unwrap().invoke(&functions::help::GetConfig {}).await.unwrap();
}

#[tokio::test]
async fn connections_break_on_order_all_or_those_of_a_number() {
    let (sandbox, address) = sandbox_with_page().await;
    for fault in ["drop", "truncate"] {
        let mut ada_s = signed_in(&sandbox, &ada()).await;
        let mut other = signed_in(&sandbox, &number("9996630000").unwrap()).await;
        assert_eq!(post(address, "/network", &format!("fault={fault}&number=9996621234")).await, 303);
        while let Some(packet) = ada_s.wire.receive().await {
            assert!(!packet.is_empty());
        }
        other.invoke(&GET_STATE).await.unwrap();
        back(ada_s, &sandbox).await.invoke(&GET_STATE).await.unwrap();
        post(address, "/network", &format!("fault={fault}")).await;
        while other.wire.receive().await.is_some() {}
        back(other, &sandbox).await.invoke(&GET_STATE).await.unwrap();
    }
    let mut client = signed_in(&sandbox, &ada()).await;
    client.others.clear();
    post(address, "/network", "fault=garbage").await;
    let key = client.key.id().0.to_le_bytes();
    while client.wire.receive().await.unwrap().starts_with(&key) {}
    client.invoke(&GET_STATE).await.expect("whoever overlooks it may go on");
}

#[tokio::test]
async fn a_number_is_unknown_before_it_signs_in() {
    let (sandbox, address) = sandbox_with_page().await;
    let mut nobody = client(&sandbox).await;
    send_code(&mut nobody, "9996621234").await.unwrap();
    post(address, "/network", "fault=drop&number=9996621234").await;
    sign_in(&mut nobody, &ada()).await.expect("not a connection of that number yet");
}

#[tokio::test]
async fn telegram_can_be_out_of_reach() {
    let (sandbox, address) = sandbox_with_page().await;
    let mut client = signed_in(&sandbox, &ada()).await;
    assert_eq!(post(address, "/network", "fault=down&seconds=3600").await, 303);
    ends(&mut client).await;
    let address_of = sandbox.mtproto_address();
    let mut stream = tokio::net::TcpStream::connect(address_of).await.unwrap();
    let read = tokio::io::AsyncReadExt::read(&mut stream, &mut [0; 1]).await;
    assert!(matches!(read, Ok(0) | Err(_)), "closed at once: {read:?}");
    post(address, "/network", "fault=down&seconds=0").await;
    let way = Way { socks: true, ..PLAIN };
    let wire = Wire::connect(sandbox.socks_address(), way).await;
    client.on(wire).invoke(&GET_STATE).await.unwrap();
}

#[tokio::test]
async fn the_clock_can_be_wrong() {
    let (sandbox, address) = sandbox_with_page().await;
    assert_eq!(post(address, "/network", "fault=clock&seconds=-900").await, 303);
    assert_eq!(state(address).await["clock"], -900);
    assert!(get(address, "/").await.contains("The clock is slow by 900 seconds"));
    let mut slow = client(&sandbox).await;
    let id = slow.send(&telescope_sandbox::tl::Serializable::to_bytes(&PING)).await;
    let bad = slow.wait_for(|received| received.parse::<enums::BadMsgNotification>().is_some()).await;
    let Some(enums::BadMsgNotification::Notification(notice)) = bad.parse() else { panic!("{bad:?}") };
    assert_eq!((notice.bad_msg_id, notice.error_code), (id, 17));
    let off = (id >> 32) - (bad.id >> 32);
    assert!((890..=910).contains(&off), "{off}");
    post(address, "/network", "fault=clock&seconds=0").await;
    let enums::Config::Config(types::Config { date, .. }) =
        slow.invoke(&functions::help::GetConfig {}).await.unwrap();
    assert!((i64::from(date) - (id >> 32)).abs() < 60);
}

#[tokio::test]
async fn impossible_faults_are_refused_in_words() {
    let (_sandbox, address) = sandbox_with_page().await;
    for form in [
        "",
        "fault=earthquake",
        "fault=silence",
        "fault=silence&seconds=",
        "fault=silence&seconds=-1",
        "fault=silence&seconds=99999999",
        "fault=silence&seconds=5&number=12",
        "fault=down&seconds=x",
        "fault=down&seconds=5&number=9996621234",
        "fault=clock&seconds=",
        "fault=clock&seconds=99999999999",
        "fault=clock&seconds=5&number=9996621234",
        "fault=drop&number=x",
    ] {
        assert_eq!(post(address, "/network", form).await, 422, "{form}");
    }
    for path in ["revoke", "expire-code", "dc", "account"] {
        assert_eq!(
            post(address, &format!("/phones/9996621234/{path}"), "account=banned").await,
            422,
            "{path}"
        );
    }
}
