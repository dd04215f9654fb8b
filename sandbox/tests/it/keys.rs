//! Temporary keys, and keys that are destroyed.

use telescope_sandbox::crypto::{random, random_id, sha1};
use telescope_sandbox::tl::{Serializable as _, enums, functions, types};
use telescope_sandbox::{Options, Sandbox, clock};

use crate::common::client::{Client, message_id};
use crate::common::key_exchange::{DEFAULT_EXCHANGE, KeyExchange, exchange_keys};
use crate::common::login::{ada, connect, error_text, number, sandbox, signed_in};
use crate::common::packets::{PLAIN, transport_error};
use crate::phones::{post, sandbox_with_page};

const GET_STATE: functions::updates::GetState = functions::updates::GetState {};

#[tokio::test]
async fn a_temporary_key_works_once_it_is_bound() {
    let sandbox = sandbox().await;
    let main = signed_in(&sandbox, &ada()).await;
    let mut stream = connect(&sandbox, PLAIN).await;
    let options = KeyExchange { expires_in: Some(3600), ..DEFAULT_EXCHANGE };
    let (key, salt) = exchange_keys(&mut stream, &sandbox.public_key_pem(), options).await;
    let mut client = Client::new(stream, key, salt);
    assert_eq!(error_text(client.invoke(&GET_STATE).await), "401 AUTH_KEY_PERM_EMPTY");
    assert_eq!(bind(&mut client, &main, 1).await, Err("400 ENCRYPTED_MESSAGE_INVALID".to_owned()));
    assert_eq!(bind(&mut client, &main, 0).await, Ok(()));
    client.invoke(&GET_STATE).await.unwrap();
}

/// A client whose temporary key is bound to another client's key.
async fn bound(sandbox: &Sandbox, main: &Client) -> Client {
    let mut stream = connect(sandbox, PLAIN).await;
    let options = KeyExchange { expires_in: Some(3600), ..DEFAULT_EXCHANGE };
    let (key, salt) = exchange_keys(&mut stream, &sandbox.public_key_pem(), options).await;
    let mut client = Client::new(stream, key, salt);
    assert_eq!(bind(&mut client, main, 0).await, Ok(()));
    client
}

/// The server answers that the key is unknown, and closes the connection.
async fn refused(client: &mut Client) {
    loop {
        let packet = client.stream.receive().await.expect("a transport error before the end");
        if packet.len() == 4 {
            assert_eq!(packet, (-404i32).to_le_bytes());
            assert!(client.stream.receive().await.is_none());
            return;
        }
    }
}

#[tokio::test]
async fn temporary_keys_are_dropped_only_by_their_owner() {
    let sandbox = sandbox().await;
    let main = signed_in(&sandbox, &ada()).await;
    let stranger = signed_in(&sandbox, &number("9996630000")).await;
    let (mut one, mut two, mut three) =
        (bound(&sandbox, &main).await, bound(&sandbox, &main).await, bound(&sandbox, &main).await);
    let mut other = bound(&sandbox, &stranger).await;
    let drop = functions::auth::DropTempAuthKeys { except_auth_keys: vec![two.key.id().0] };
    assert_eq!(one.invoke(&drop).await, Ok(true));
    refused(&mut three).await;
    for client in [&mut one, &mut two, &mut other] {
        client.invoke(&GET_STATE).await.unwrap();
    }
    let mut three = three.reconnect(connect(&sandbox, PLAIN).await);
    three.send(&GET_STATE.to_bytes()).await;
    assert_eq!(transport_error(&mut three.stream).await, Some(-404), "for good");
}

#[tokio::test]
async fn temporary_keys_can_be_dropped_by_the_test() {
    let (sandbox, address) = sandbox_with_page().await;
    let mut main = signed_in(&sandbox, &ada()).await;
    assert_eq!(post(address, "/phones/9996621234/drop-keys", "").await, 422, "there is none");
    let mut client = bound(&sandbox, &main).await;
    assert_eq!(post(address, "/phones/9996621234/drop-keys", "").await, 303);
    refused(&mut client).await;
    main.invoke(&GET_STATE).await.expect("the permanent key still works");
}

#[tokio::test]
async fn an_expired_temporary_key_is_refused_with_an_error() {
    let options = Options { temporary_keys: Some(2), ..Options::default() };
    let sandbox = Sandbox::start(options).await.unwrap();
    let mut main = signed_in(&sandbox, &ada()).await;
    let mut client = bound(&sandbox, &main).await;
    client.invoke(&GET_STATE).await.unwrap();
    refused(&mut client).await;
    main.invoke(&GET_STATE).await.unwrap();
}

/// Binds the client's key to another client's. `wrong` is added to the session's number in the proof.
async fn bind(client: &mut Client, main: &Client, wrong: i64) -> Result<(), String> {
    let (id, nonce) = (message_id(), random_id());
    let expires_at = clock::seconds(clock::now()) + 3000;
    let inner = enums::BindAuthKeyInner::Inner(types::BindAuthKeyInner {
        nonce,
        temp_auth_key_id: client.key.id().0,
        perm_auth_key_id: main.key.id().0,
        temp_session_id: client.session + wrong,
        expires_at,
    })
    .to_bytes();
    let length = u32::try_from(inner.len()).unwrap();
    let plain = [&random::<16>()[..], &id.to_le_bytes(), &[0; 4], &length.to_le_bytes(), &inner].concat();
    let message_key: [u8; 16] = sha1(&[&plain])[4..].try_into().unwrap();
    let mut data = plain;
    data.resize(data.len().next_multiple_of(16), 3);
    let k = &main.key.0;
    let (a, b) = (sha1(&[&message_key, &k[..32]]), sha1(&[&k[32..48], &message_key, &k[48..64]]));
    let (c, d) = (sha1(&[&k[64..96], &message_key]), sha1(&[&message_key, &k[96..128]]));
    let aes = [&a[..8], &b[8..20], &c[4..16]].concat().try_into().unwrap();
    let iv = [&a[8..20], &b[..8], &c[16..20], &d[..8]].concat().try_into().unwrap();
    grammers_crypto::aes::ige_encrypt(&mut data, &aes, &iv);
    let request = functions::auth::BindTempAuthKey {
        perm_auth_key_id: main.key.id().0,
        nonce,
        expires_at,
        encrypted_message: [&main.key.id().0.to_le_bytes()[..], &message_key, &data].concat(),
    };
    let seqno = client.next_seqno();
    client.send_as(id, seqno, &request.to_bytes()).await;
    client.result(id).await.map(drop).map_err(|error| error.to_string())
}

#[tokio::test]
async fn a_destroyed_key_is_unknown() {
    let sandbox = sandbox().await;
    let mut client = signed_in(&sandbox, &ada()).await;
    client.send(&functions::DestroyAuthKey {}.to_bytes()).await;
    let answer: enums::DestroyAuthKeyRes = client.wait_as().await;
    assert!(matches!(answer, enums::DestroyAuthKeyRes::DestroyAuthKeyOk));
    assert_eq!(sandbox.inspect(|backend| (backend.keys.len(), backend.devices.len())), (0, 0));
    client.send(&GET_STATE.to_bytes()).await;
    assert_eq!(transport_error(&mut client.stream).await, Some(-404));
}
