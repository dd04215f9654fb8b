//! Requests that several tests send.

use std::io::Write as _;

use telescope_sandbox::tl::{Serializable as _, enums, functions, types};

const GZIP_PACKED: u32 = 0x3072_cfa1;
const CONTAINER: u32 = 0x73f1_f8dc;

pub const DEVICE: &str = "Test desk";

pub fn send_code(number: &str) -> functions::auth::SendCode {
    let settings = types::CodeSettings {
        allow_flashcall: false,
        current_number: false,
        allow_app_hash: false,
        allow_missed_call: false,
        allow_firebase: false,
        unknown_number: false,
        logout_tokens: None,
        token: None,
        app_sandbox: None,
    };
    functions::auth::SendCode {
        phone_number: number.to_owned(),
        api_id: 7,
        api_hash: "hash".to_owned(),
        settings: settings.into(),
    }
}

pub fn sign_in(number: &str, hash: &str, code: &str) -> functions::auth::SignIn {
    functions::auth::SignIn {
        phone_number: number.to_owned(),
        phone_code_hash: hash.to_owned(),
        phone_code: Some(code.to_owned()),
        email_verification: None,
    }
}

pub fn init_connection<Q>(
    params: Option<enums::Jsonvalue>,
    query: Q,
) -> functions::InvokeWithLayer<functions::InitConnection<Q>> {
    functions::InvokeWithLayer {
        layer: 222,
        query: functions::InitConnection {
            api_id: 7,
            device_model: DEVICE.to_owned(),
            system_version: "1".to_owned(),
            app_version: "2".to_owned(),
            system_lang_code: "en".to_owned(),
            lang_pack: String::new(),
            lang_code: "en".to_owned(),
            proxy: None,
            params,
            query,
        },
    }
}

/// Messages of the chat with Telegram that are older than `offset_id`.
pub fn history(offset_id: i32, limit: i32) -> functions::messages::GetHistory {
    functions::messages::GetHistory {
        peer: types::InputPeerUser { user_id: 777_000, access_hash: 0 }.into(),
        offset_id,
        offset_date: 0,
        add_offset: 0,
        limit,
        max_id: 0,
        min_id: 0,
        hash: 0,
    }
}

/// `gzip_packed` with zlib data in it, as some clients send it.
pub fn compressed(data: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    out.write_all(data).unwrap();
    [&GZIP_PACKED.to_le_bytes()[..], &out.finish().unwrap().to_bytes()].concat()
}

/// A container of messages: their ids, sequence numbers and bodies.
pub fn container(messages: &[(i64, i32, Vec<u8>)]) -> Vec<u8> {
    let mut body = CONTAINER.to_le_bytes().to_vec();
    body.extend(u32::try_from(messages.len()).unwrap().to_le_bytes());
    for (id, seqno, message) in messages {
        body.extend(id.to_le_bytes());
        body.extend(seqno.to_le_bytes());
        body.extend(u32::try_from(message.len()).unwrap().to_le_bytes());
        body.extend(message);
    }
    body
}
