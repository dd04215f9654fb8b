//! Valid input of clients, which the tests damage.

use telescope_sandbox::crypto::AuthKey;
use telescope_sandbox::tl::{Serializable, enums, functions, types};

use crate::common::client::encrypt;
use crate::common::requests;

fn wrapped(query: functions::help::GetConfig) -> Vec<u8> {
    let key = "tz_offset".to_owned();
    let value = enums::Jsonvalue::JsonNumber(types::JsonNumber { value: 3600.0 });
    let entry = enums::JsonobjectValue::from(types::JsonObjectValue { key, value });
    let params = types::JsonObject { value: vec![entry] }.into();
    let query = functions::InvokeAfterMsgs { msg_ids: vec![4, 8], query };
    requests::init_connection(Some(params), query).to_bytes()
}

fn send_code() -> Vec<u8> {
    let mut request = requests::send_code("9996621234");
    let enums::CodeSettings::Settings(settings) = &mut request.settings;
    settings.logout_tokens = Some(vec![vec![1; 8]]);
    request.to_bytes()
}

fn check_password() -> Vec<u8> {
    let password = types::InputCheckPasswordSrp { srp_id: 5, a: vec![7; 256], m1: vec![8; 32] };
    functions::auth::CheckPassword { password: password.into() }.to_bytes()
}

fn with_peers() -> [Vec<u8>; 4] {
    let peer: enums::InputPeer = types::InputPeerUser { user_id: 777_000, access_hash: 0 }.into();
    let user = types::InputUser { user_id: 5, access_hash: 6 };
    let dialog = enums::InputDialogPeer::Peer(types::InputDialogPeer { peer });
    [
        requests::history(0, 10).to_bytes(),
        functions::messages::GetPeerDialogs { peers: vec![dialog] }.to_bytes(),
        functions::users::GetUsers { id: vec![enums::InputUser::UserSelf, user.into()] }.to_bytes(),
        functions::updates::GetState {}.to_bytes(),
    ]
}

fn about_sessions() -> [Vec<u8>; 9] {
    let bind = functions::auth::BindTempAuthKey {
        perm_auth_key_id: 1,
        nonce: 2,
        expires_at: 3,
        encrypted_message: vec![9; 104],
    };
    [
        enums::MsgsAck::Ack(types::MsgsAck { msg_ids: vec![1, 5, 9] }).to_bytes(),
        enums::MsgsStateReq::Req(types::MsgsStateReq { msg_ids: vec![4, 8] }).to_bytes(),
        enums::MsgResendReq::Req(types::MsgResendReq { msg_ids: vec![1, 5] }).to_bytes(),
        functions::PingDelayDisconnect { ping_id: 1, disconnect_delay: 60 }.to_bytes(),
        functions::GetFutureSalts { num: 64 }.to_bytes(),
        functions::RpcDropAnswer { req_msg_id: 4 }.to_bytes(),
        functions::DestroySession { session_id: 4 }.to_bytes(),
        functions::auth::DropTempAuthKeys { except_auth_keys: vec![1, 2] }.to_bytes(),
        bind.to_bytes(),
    ]
}

/// The bodies of messages.
pub fn bodies() -> Vec<Vec<u8>> {
    let mut bodies = vec![
        wrapped(functions::help::GetConfig {}),
        requests::sign_in("9996621234", "hash", "22222").to_bytes(),
        send_code(),
        check_password(),
    ];
    bodies.extend(with_peers());
    bodies.extend(about_sessions());
    bodies.push(requests::compressed(&bodies[0]));
    let messages: Vec<_> = bodies.iter().zip(1i64..).map(|(body, id)| (id << 34, 1, body.clone())).collect();
    bodies.push(requests::container(&messages));
    bodies.push(requests::container(&messages[..1]));
    bodies
}

/// The requests of a key exchange.
pub fn questions() -> Vec<Vec<u8>> {
    let (nonce, server_nonce) = ([1; 16], [2; 16]);
    let exchange = functions::ReqDhParams {
        nonce,
        server_nonce,
        p: vec![1; 4],
        q: vec![2; 4],
        public_key_fingerprint: 3,
        encrypted_data: vec![4; 256],
    };
    let end = functions::SetClientDhParams { nonce, server_nonce, encrypted_data: vec![5; 336] };
    vec![functions::ReqPqMulti { nonce }.to_bytes(), exchange.to_bytes(), end.to_bytes()]
}

/// A packet of a client. The plaintext is truncated to whole blocks.
pub fn sealed(key: &AuthKey, mut plain: Vec<u8>) -> Vec<u8> {
    plain.truncate(plain.len() / 16 * 16);
    encrypt(key, plain)
}

/// Complete streams: each transport that is not obfuscated, with two packets.
pub fn streams() -> Vec<Vec<u8>> {
    let packet = [3; 104];
    let length = u32::try_from(packet.len()).unwrap();
    let framed = |tag: &[u8], head: &[u8]| [tag, head, &packet, head, &packet].concat();
    let full = |number: u32| {
        let body = [&(length + 12).to_le_bytes()[..], &number.to_le_bytes(), &packet].concat();
        let mut crc = flate2::Crc::new();
        crc.update(&body);
        [body, crc.sum().to_le_bytes().to_vec()].concat()
    };
    vec![
        framed(&[0xef], &[u8::try_from(length / 4).unwrap()]),
        framed(&[0xef], &[0x7f, u8::try_from(length / 4).unwrap(), 0, 0]),
        framed(&[0xee; 4], &length.to_le_bytes()),
        framed(&[0xdd; 4], &length.to_le_bytes()),
        [full(0), full(1)].concat(),
        (0..200).collect(),
    ]
}
