//! MTProto: every transport, every form of the key exchange, and sessions.

use std::time::Duration;

use telescope_sandbox::tl::{Deserializable as _, Identifiable as _, Serializable, enums, functions};
use telescope_sandbox::{Options, Sandbox, clock};

use crate::common::client::{Client, message_id};
use crate::common::key_exchange::{KeyExchange, exchange_keys};
use crate::common::login::{ada, client, client_over, connect, error_text, sandbox, sign_in};
use crate::common::packets::{Framing, PLAIN, Transport, transport_error};
use crate::common::requests;

const GET_CONFIG: functions::help::GetConfig = functions::help::GetConfig {};

#[tokio::test]
async fn a_client_signs_in_over_every_transport() {
    let sandbox = sandbox().await;
    let mut ways = 0;
    for framing in [Framing::Abridged, Framing::Intermediate, Framing::Padded, Framing::Full] {
        for obfuscated in [false, true] {
            for socks in [false, true] {
                if framing == Framing::Full && obfuscated {
                    continue;
                }
                let transport = Transport { framing, obfuscated, socks };
                let mut client = client_over(&sandbox, transport).await;
                sign_in(&mut client, &ada()).await.unwrap_or_else(|error| panic!("{transport:?}: {error}"));
                let enums::Config::Config(config) = client.invoke(&GET_CONFIG).await.unwrap();
                assert_eq!(config.this_dc, if obfuscated { 3 } else { 2 }, "{transport:?}");
                assert_eq!(config.dc_options.len(), 5);
                ways += 1;
            }
        }
    }
    assert_eq!(sandbox.requests().of("auth.signIn", &ada()), ways);
    assert_eq!(ways, 14);
}

#[tokio::test]
async fn every_form_of_the_key_exchange_gives_a_key() {
    let sandbox = sandbox().await;
    for old_question in [false, true] {
        for old_padding in [false, true] {
            for (dc, expires_in) in
                [(None, None), (Some(10_001), None), (None, Some(60)), (Some(-10_004), Some(60))]
            {
                let options = KeyExchange { old_question, old_padding, dc, expires_in };
                let mut stream = connect(&sandbox, PLAIN).await;
                let (key, salt) = exchange_keys(&mut stream, &sandbox.public_key_pem(), options).await;
                let mut client = Client::new(stream, key, salt);
                let enums::Config::Config(config) = client.invoke(&GET_CONFIG).await.unwrap();
                assert_eq!(config.this_dc, dc.map_or(2, |dc| dc.abs() - 10_000), "{options:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_key_exchange_with_a_wrong_nonce_or_key_is_refused() {
    let sandbox = sandbox().await;
    let mut stream = connect(&sandbox, PLAIN).await;
    let question = functions::ReqDhParams {
        nonce: [1; 16],
        server_nonce: [2; 16],
        p: vec![1],
        q: vec![2],
        public_key_fingerprint: 3,
        encrypted_data: vec![4; 256],
    }
    .to_bytes();
    let length = u32::try_from(question.len()).unwrap();
    let packet = [&[0; 8][..], &message_id().to_le_bytes(), &length.to_le_bytes(), &question].concat();
    stream.send(&packet, false).await;
    assert_eq!(transport_error(&mut stream).await, Some(-404));
    assert!(stream.receive().await.is_none(), "closed");
}

#[tokio::test]
async fn a_new_session_is_announced_with_its_first_message() {
    let sandbox = sandbox().await;
    let mut client = client(&sandbox).await;
    let id = client.send(&GET_CONFIG.to_bytes()).await;
    let enums::NewSession::Created(created) = client.wait_as().await;
    assert_eq!((created.first_msg_id, created.server_salt), (id, client.salt));
    client.result(id).await.unwrap();
    let ping = |ping_id| functions::Ping { ping_id };
    client.send_service(&ping(5)).await;
    let enums::Pong::Pong(pong) = client.wait_as().await;
    assert_eq!(pong.ping_id, 5);
    assert!(client.pending.is_empty(), "announced once");
}

#[tokio::test]
async fn containers_and_compressed_requests_are_answered_one_by_one() {
    let sandbox = sandbox().await;
    let mut client = client(&sandbox).await;
    let ids = [message_id(), message_id(), message_id()];
    let nearest = functions::help::GetNearestDc {}.to_bytes();
    let after = functions::InvokeAfterMsg { msg_id: ids[0], query: GET_CONFIG };
    let after = requests::compressed(&after.to_bytes());
    let body = requests::container(&[
        (ids[0], 1, requests::compressed(&nearest)),
        (ids[1], 3, after),
        (ids[2], 4, functions::Ping { ping_id: 9 }.to_bytes()),
    ]);
    client.send_as(message_id(), 4, &body).await;
    let enums::NewSession::Created(created) = client.wait_as().await;
    assert_eq!(created.first_msg_id, ids[0], "the first message, not its container");
    assert!(enums::NearestDc::from_bytes(&client.result(ids[0]).await.unwrap()).is_ok());
    assert!(enums::Config::from_bytes(&client.result(ids[1]).await.unwrap()).is_ok());
    let enums::Pong::Pong(pong) = client.wait_as().await;
    assert_eq!((pong.msg_id, pong.ping_id), (ids[2], 9));

    let nested = requests::container(&[(message_id(), 6, body)]);
    let id = message_id();
    client.send_as(id, 6, &nested).await;
    assert_eq!(bad_message(&mut client).await, (id, 64));
}

#[tokio::test]
async fn a_thousand_requests_at_once_are_all_answered() {
    let sandbox = sandbox().await;
    let mut client = client(&sandbox).await;
    let nearest = functions::help::GetNearestDc {}.to_bytes();
    let messages: Vec<_> = (0..1000).map(|_| (message_id(), client.next_seqno(), nearest.clone())).collect();
    client.send_as(message_id(), 2000, &requests::container(&messages)).await;
    for (id, _, _) in &messages {
        client.result(*id).await.unwrap();
    }
}

async fn bad_message(client: &mut Client) -> (i64, i32) {
    match client.wait_as::<enums::BadMsgNotification>().await {
        enums::BadMsgNotification::Notification(bad) => (bad.bad_msg_id, bad.error_code),
        enums::BadMsgNotification::BadServerSalt(bad) => (bad.bad_msg_id, bad.error_code),
    }
}

#[tokio::test]
async fn invalid_ids_are_reported() {
    let sandbox = sandbox().await;
    let mut client = client(&sandbox).await;
    let now = message_id();
    for (id, code) in [(now - (400 << 32), 16), (now + (100 << 32), 17), (now | 1, 18)] {
        let seqno = client.next_seqno();
        client.send_as(id, seqno, &GET_CONFIG.to_bytes()).await;
        assert_eq!(bad_message(&mut client).await, (id, code));
    }
    assert_eq!(sandbox.requests().total("help.getConfig"), 0);
    client.invoke(&GET_CONFIG).await.unwrap();
}

#[tokio::test]
async fn a_wrong_salt_is_corrected() {
    let sandbox = sandbox().await;
    let mut client = client(&sandbox).await;
    client.salt ^= 1;
    let id = client.send(&GET_CONFIG.to_bytes()).await;
    let enums::BadMsgNotification::BadServerSalt(bad) = client.wait_as().await else {
        panic!("not about the salt")
    };
    assert_eq!((bad.bad_msg_id, bad.error_code, bad.bad_msg_seqno), (id, 48, 1));
    client.salt = bad.new_server_salt;
    client.invoke(&GET_CONFIG).await.unwrap();
    assert_eq!(sandbox.requests().total("help.getConfig"), 1, "the first was not executed");
}

#[tokio::test]
async fn salts_change_and_are_announced_in_advance() {
    let options = Options { salt_period: Some(1), ..Options::default() };
    let sandbox = Sandbox::start(options).await.unwrap();
    let mut client = client(&sandbox).await;
    client.send_service(&functions::GetFutureSalts { num: 8 }).await;
    let enums::FutureSalts::Salts(salts) = client.wait_as().await;
    let salts = salts.salts.0;
    assert_eq!(salts.len(), 8);
    let third = &salts[3];
    // The first salt is refused once it expires; the announced one is accepted.
    let deadline = tokio::time::Instant::now() + Duration::from_secs(10);
    while clock::seconds(clock::now()) < third.valid_since {
        assert!(tokio::time::Instant::now() < deadline);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    client.send(&GET_CONFIG.to_bytes()).await;
    assert_eq!(bad_message(&mut client).await.1, 48);
    client.salt = third.salt;
    client.invoke(&GET_CONFIG).await.unwrap();
}

#[tokio::test]
async fn a_quick_acknowledgement_quotes_the_hash() {
    let sandbox = sandbox().await;
    for framing in [Framing::Abridged, Framing::Intermediate, Framing::Padded] {
        let transport = Transport { framing, ..PLAIN };
        let mut client = client_over(&sandbox, transport).await;
        let id = message_id();
        let packet = client.seal(id, 1, &GET_CONFIG.to_bytes());
        let message_key: [u8; 16] = packet[8..24].try_into().unwrap();
        client.stream.send(&packet, true).await;
        client.result(id).await.unwrap();
        let sender = telescope_sandbox::crypto::Sender::Client;
        let (_, hash) = sender.decrypt(&client.key, &message_key, &packet[24..]).unwrap();
        let expected = u32::from_le_bytes(hash[..4].try_into().unwrap()) | 1 << 31;
        assert_eq!(client.stream.quick_acks(), [expected], "{framing:?}");
    }
}

#[tokio::test]
async fn a_silent_client_is_disconnected_after_the_delay_that_it_requested() {
    let sandbox = sandbox().await;
    let mut client = client(&sandbox).await;
    let ping = functions::PingDelayDisconnect { ping_id: 1, disconnect_delay: 1 };
    client.send_service(&ping).await;
    client.wait_as::<enums::Pong>().await;
    while client.receive().await.is_some() {}
}

#[tokio::test]
async fn unknown_methods_are_refused_as_not_implemented() {
    let sandbox = sandbox().await;
    let mut client = client(&sandbox).await;
    let unknown = functions::messages::GetAllDrafts {};
    assert_eq!(error_text(client.invoke(&unknown).await), "400 METHOD_NOT_IMPLEMENTED");
    let id = client.send(&[0x78, 0x56, 0x34, 0x12]).await;
    assert_eq!(error_text(client.result(id).await), format!("400 INPUT_METHOD_INVALID_{}", 0x1234_5678));
    let body = functions::auth::SendCode::CONSTRUCTOR_ID.to_le_bytes();
    let id = client.send(&body).await;
    assert_eq!(error_text(client.result(id).await), "400 INPUT_REQUEST_INVALID");
    assert_eq!(sandbox.requests().total("messages.getAllDrafts"), 1);
}

#[tokio::test]
async fn an_unknown_key_is_refused() {
    let sandbox = sandbox().await;
    let mut stream = connect(&sandbox, PLAIN).await;
    stream.send(&[7; 64], false).await;
    assert_eq!(transport_error(&mut stream).await, Some(-404));
}
