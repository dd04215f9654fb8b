//! Encrypted packets and the messages inside of them.
//!
//! A packet is a key id, a message key and ciphertext. The plaintext is a salt, a session and one
//! message; that message may be a container of several, and each of these may be compressed. [`open`] and
//! [`unpack`] undo all of it and give a flat list.

use std::io::Read as _;

use flate2::read::{GzDecoder, ZlibDecoder};

use crate::bytes::Reader;
use crate::crypto::{AuthKey, KeyId, Sender, random};

pub(crate) const CONTAINER: u32 = 0x73f1_f8dc;
const GZIP_PACKED: u32 = 0x3072_cfa1;
/// Messages in one container, as Telegram allows.
const MAX_MESSAGES: usize = 1020;
/// Bytes of one packet after everything in it is inflated.
const MAX_INFLATED: usize = 8 * 1024 * 1024;

/// One message with its salt and session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    pub salt: i64,
    /// An id that the client chose.
    pub session: i64,
    pub message: Message,
}

/// A message: an id, a sequence number and a serialised value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Approximately the time at which it was written, times 2^32.
    pub id: i64,
    /// Twice the number of messages before it that want an acknowledgement, plus one if it wants one too.
    pub seqno: i32,
    pub body: Vec<u8>,
}

/// The key id at the start of a packet; 0 in a packet without encryption.
pub fn key_of(packet: &[u8]) -> Option<KeyId> {
    Reader(packet).i64().map(KeyId)
}

/// The value inside a packet without encryption.
pub fn open_plain(packet: &[u8]) -> Option<&[u8]> {
    let mut rest = Reader(packet);
    let (_key, _id) = (rest.i64()?, rest.i64()?);
    let length = rest.length(packet.len())?;
    rest.take(length)
}

/// Wraps a value without encryption.
pub fn seal_plain(id: i64, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).unwrap_or(u32::MAX);
    [&[0; 8][..], &id.to_le_bytes(), &length.to_le_bytes(), body].concat()
}

/// Decrypts a packet and checks its form. The second value is the hash that a
/// quick acknowledgement quotes.
pub fn open(key: &AuthKey, packet: &[u8]) -> Option<(Envelope, [u8; 32])> {
    let mut rest = Reader(packet);
    rest.i64()?;
    let message_key = rest.array::<16>()?;
    // The padded transport leaves up to 15 bytes at the end.
    let whole = rest.0.len() / 16 * 16;
    let (plain, hash) = Sender::Client.decrypt(key, &message_key, rest.take(whole)?)?;
    let mut rest = Reader(&plain);
    let (salt, session) = (rest.i64()?, rest.i64()?);
    let message = read_message(&mut rest)?;
    let is_valid = message.body.len() % 4 == 0 && (12..=1024).contains(&rest.0.len());
    is_valid.then_some((Envelope { salt, session, message }, hash))
}

/// Encrypts a message for a client.
pub fn seal(key: &AuthKey, envelope: &Envelope) -> Vec<u8> {
    let message = &envelope.message;
    let length = u32::try_from(message.body.len()).unwrap_or(u32::MAX);
    let mut plain = Vec::with_capacity(message.body.len() + 64);
    plain.extend(envelope.salt.to_le_bytes());
    plain.extend(envelope.session.to_le_bytes());
    plain.extend(message.id.to_le_bytes());
    plain.extend(message.seqno.to_le_bytes());
    plain.extend(length.to_le_bytes());
    plain.extend(&message.body);
    let padding = 12 + (plain.len() + 12).wrapping_neg() % 16;
    plain.extend(random::<28>().iter().take(padding));
    let (message_key, data) = Sender::Server.encrypt(key, plain);
    [&key.id().0.to_le_bytes()[..], &message_key, &data].concat()
}

fn read_message(rest: &mut Reader<'_>) -> Option<Message> {
    let (id, seqno) = (rest.i64()?, rest.i32()?);
    let length = rest.length(rest.0.len())?;
    let body = rest.take(length)?.to_vec();
    Some(Message { id, seqno, body })
}

/// Why a message could not be unpacked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnpackError {
    /// A container in a container, or one with too many messages: `bad_msg_notification` 64.
    BadContainer,
    Malformed,
}

/// The messages of a container, or the message itself; each inflated if it was compressed.
pub fn unpack(message: Message) -> Result<Vec<Message>, UnpackError> {
    let mut left = MAX_INFLATED;
    let mut rest = Reader(&message.body);
    if rest.u32() != Some(CONTAINER) {
        return Ok(vec![inflate_message(message, &mut left)?]);
    }
    let count = rest.length(MAX_MESSAGES).ok_or(UnpackError::BadContainer)?;
    let mut messages = Vec::new();
    for _ in 0..count {
        let inner = read_message(&mut rest).ok_or(UnpackError::Malformed)?;
        let inner = inflate_message(inner, &mut left)?;
        if Reader(&inner.body).u32() == Some(CONTAINER) {
            return Err(UnpackError::BadContainer);
        }
        messages.push(inner);
    }
    Ok(messages)
}

fn inflate_message(mut message: Message, left: &mut usize) -> Result<Message, UnpackError> {
    if let Some(body) = inflate(&message.body, *left).ok_or(UnpackError::Malformed)? {
        *left = left.checked_sub(body.len()).ok_or(UnpackError::Malformed)?;
        message.body = body;
    }
    Ok(message)
}

/// The value inside `gzip_packed`, if it has at most `limit` bytes. The inner `None` means that `body` is something else.
/// Despite the name, some clients send zlib data, so the first bytes decide.
pub fn inflate(body: &[u8], limit: usize) -> Option<Option<Vec<u8>>> {
    let mut rest = Reader(body);
    if rest.u32() != Some(GZIP_PACKED) {
        return Some(None);
    }
    let packed = rest.string()?;
    let read_limit = u64::try_from(limit).ok()?.saturating_add(1);
    let mut out = Vec::new();
    let read = match packed {
        [0x1f, 0x8b, ..] => GzDecoder::new(packed).take(read_limit).read_to_end(&mut out),
        _ => ZlibDecoder::new(packed).take(read_limit).read_to_end(&mut out),
    };
    (read.is_ok() && out.len() <= limit).then_some(Some(out))
}

#[cfg(test)]
mod tests {
    use super::*;
    use grammers_tl_types::Serializable;
    use std::io::Write as _;

    fn message(id: i64, body: &[u8]) -> Message {
        Message { id, seqno: 1, body: body.to_vec() }
    }

    fn container(messages: &[Message]) -> Message {
        let mut body = CONTAINER.to_le_bytes().to_vec();
        body.extend(u32::try_from(messages.len()).unwrap().to_le_bytes());
        for message in messages {
            body.extend(message.id.to_le_bytes());
            body.extend(message.seqno.to_le_bytes());
            body.extend(u32::try_from(message.body.len()).unwrap().to_le_bytes());
            body.extend(&message.body);
        }
        self::message(100, &body)
    }

    fn packed(data: &[u8], gzip: bool) -> Vec<u8> {
        let mut out = Vec::new();
        if gzip {
            let mut encoder = flate2::write::GzEncoder::new(&mut out, flate2::Compression::best());
            encoder.write_all(data).unwrap();
            encoder.finish().unwrap();
        } else {
            let mut encoder = flate2::write::ZlibEncoder::new(&mut out, flate2::Compression::best());
            encoder.write_all(data).unwrap();
            encoder.finish().unwrap();
        }
        [&GZIP_PACKED.to_le_bytes()[..], &out.to_bytes()].concat()
    }

    #[test]
    fn containers_and_both_kinds_of_compression_are_undone() {
        let parts =
            [message(1, b"abcd"), message(2, &packed(b"efgh", true)), message(3, &packed(b"ijkl", false))];
        let bodies = |message| {
            let list = unpack(message).unwrap();
            list.into_iter().map(|message| (message.id, message.body)).collect::<Vec<_>>()
        };
        let expected = [(1, b"abcd".to_vec()), (2, b"efgh".to_vec()), (3, b"ijkl".to_vec())];
        assert_eq!(bodies(container(&parts)), expected);
        assert_eq!(bodies(message(9, b"abcd")), [(9, b"abcd".to_vec())]);
    }

    #[test]
    fn containers_that_lie_are_refused() {
        let nested = container(&[container(&[message(1, b"abcd")])]);
        assert_eq!(unpack(nested), Err(UnpackError::BadContainer));
        let mut cut = container(&[message(1, b"abcd")]);
        cut.body.truncate(20);
        assert_eq!(unpack(cut), Err(UnpackError::Malformed));
        let hidden = message(1, &packed(&container(&[message(2, b"abcd")]).body, true));
        assert_eq!(unpack(container(&[hidden])), Err(UnpackError::BadContainer));
        let mut many = CONTAINER.to_le_bytes().to_vec();
        many.extend(u32::MAX.to_le_bytes());
        assert_eq!(unpack(message(1, &many)), Err(UnpackError::BadContainer));
    }

    #[test]
    fn a_bomb_is_not_inflated() {
        let bomb = packed(&vec![0; MAX_INFLATED + 1], true);
        assert!(bomb.len() < 100_000);
        assert_eq!(unpack(message(1, &bomb)), Err(UnpackError::Malformed));
        let half = message(1, &packed(&vec![0; MAX_INFLATED / 2 + 1], false));
        assert_eq!(unpack(container(&[half.clone(), half])), Err(UnpackError::Malformed));
    }

    #[test]
    fn a_packet_survives_only_unchanged() {
        let key = AuthKey(random());
        let envelope = Envelope { salt: 1, session: 2, message: message(4, b"body") };
        let mut sealed = seal(&key, &envelope);
        assert_eq!(key_of(&sealed), Some(key.id()));
        assert_eq!(open(&key, &sealed), None, "ours is not a client's");
        sealed.truncate(30);
        assert_eq!(open(&key, &sealed), None);
        assert_eq!(open_plain(&seal_plain(5, b"clear")), Some(&b"clear"[..]));
        assert_eq!(open_plain(&[0; 19]), None);
    }
}
