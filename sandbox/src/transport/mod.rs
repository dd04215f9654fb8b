//! Packets in a TCP stream: the framings of MTProto, recognised by their first bytes.
//!
//! There is no I/O here. A [`Codec`] turns bytes into packets and packets into bytes, so that each framing can be tested
//! with plain byte strings. Malformed input is a [`FrameError`], after which the connection has to be closed.

mod framing;
pub(crate) mod socks;

use grammers_crypto::ObfuscatedCipher;

use crate::bytes::Reader;
pub use framing::{FrameError, Framing, Packet};
use framing::{QUICK_ACK, check_full};

/// One connection's framing, and its obfuscation if there is any.
pub struct Codec {
    framing: Framing,
    cipher: Option<ObfuscatedCipher>,
    input: Vec<u8>,
    received: u32,
    sent: u32,
    /// The data centre that an obfuscated header names: 1 to 5, plus 10000 for the test ones, negative for media.
    pub dc: Option<i16>,
}

impl std::fmt::Debug for Codec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let obfuscated = if self.cipher.is_some() { "obfuscated " } else { "" };
        write!(f, "{obfuscated}{:?}", self.framing)
    }
}

impl Codec {
    fn new(framing: Framing) -> Self {
        Self { framing, cipher: None, input: Vec::new(), received: 0, sent: 0, dc: None }
    }

    /// Recognises the transport by the first bytes of a stream. `None` means that more bytes are needed. The bytes after
    /// the header become the codec's first input.
    pub fn detect(start: &[u8]) -> Result<Option<Self>, FrameError> {
        let mut rest = Reader(start);
        let plain = |framing, rest: &[u8]| {
            let mut codec = Self::new(framing);
            codec.feed(rest);
            Ok(Some(codec))
        };
        if start.first() == Some(&0xef) {
            return plain(Framing::Abridged, start.get(1..).unwrap_or_default());
        }
        let Some(tag) = rest.array::<4>() else {
            return Ok(None);
        };
        match &tag {
            [0xee, 0xee, 0xee, 0xee] => return plain(Framing::Intermediate, rest.0),
            [0xdd, 0xdd, 0xdd, 0xdd] => return plain(Framing::Padded, rest.0),
            b"POST" | b"GET " | b"HEAD" | b"OPTI" | [0x16, 3, 1, 2] => return Err(FrameError::Unknown),
            _ => {}
        }
        match rest.array::<4>() {
            None => Ok(None),
            Some([0, 0, 0, 0]) => plain(Framing::Full, start),
            Some(_) => match start.split_first_chunk::<64>() {
                None => Ok(None),
                Some((header, rest)) => Self::obfuscated(header, rest).map(Some),
            },
        }
    }

    /// The header holds the keys of both directions and, encrypted with the first of them, the framing's tag and
    /// the data centre.
    fn obfuscated(header: &[u8; 64], rest: &[u8]) -> Result<Self, FrameError> {
        let mut cipher = ObfuscatedCipher::new(header);
        let mut plain = *header;
        // The cipher is a client's: its encryption is the server's decryption, and vice versa.
        cipher.encrypt(&mut plain);
        let mut tail = Reader(&plain[56..]);
        let framing = match tail.array() {
            Some([0xef, 0xef, 0xef, 0xef]) => Framing::Abridged,
            Some([0xee, 0xee, 0xee, 0xee]) => Framing::Intermediate,
            Some([0xdd, 0xdd, 0xdd, 0xdd]) => Framing::Padded,
            _ => return Err(FrameError::Unknown),
        };
        let mut codec = Self::new(framing);
        codec.cipher = Some(cipher);
        codec.dc = tail.array().map(i16::from_le_bytes);
        codec.feed(rest);
        Ok(codec)
    }

    /// Adds bytes from the stream.
    pub fn feed(&mut self, bytes: &[u8]) {
        let from = self.input.len();
        self.input.extend_from_slice(bytes);
        if let (Some(cipher), Some(new)) = (&mut self.cipher, self.input.get_mut(from..)) {
            cipher.encrypt(new);
        }
    }

    /// The next complete packet, if there is one.
    pub fn next_packet(&mut self) -> Result<Option<Packet>, FrameError> {
        let mut rest = Reader(&self.input);
        let Some((length, quick_ack)) = self.framing.header(&mut rest)? else {
            return Ok(None);
        };
        let Some(data) = rest.take(length) else {
            return Ok(None);
        };
        let data = match self.framing {
            Framing::Full => check_full(&self.input, data, self.received)?.to_vec(),
            _ => data.to_vec(),
        };
        self.received = self.received.wrapping_add(1);
        let used = self.input.len() - rest.0.len();
        self.input.drain(..used);
        Ok(Some(Packet { data, quick_ack }))
    }

    /// Frames a packet for the client.
    pub fn encode(&mut self, data: &[u8]) -> Vec<u8> {
        let out = self.framing.frame(data, self.sent);
        self.sent = self.sent.wrapping_add(1);
        self.obfuscate(out)
    }

    /// A quick acknowledgement: the first bytes of the message's hash. The full transport has none.
    pub fn encode_quick_ack(&mut self, hash: &[u8; 32]) -> Option<Vec<u8>> {
        let [a, b, c, d, ..] = *hash;
        let token = u32::from_le_bytes([a, b, c, d]) | QUICK_ACK;
        let bytes = match self.framing {
            Framing::Full => return None,
            Framing::Abridged => token.to_be_bytes(),
            Framing::Intermediate | Framing::Padded => token.to_le_bytes(),
        };
        Some(self.obfuscate(bytes.to_vec()))
    }

    fn obfuscate(&mut self, mut bytes: Vec<u8>) -> Vec<u8> {
        if let Some(cipher) = &mut self.cipher {
            cipher.decrypt(&mut bytes);
        }
        bytes
    }
}

#[cfg(test)]
mod tests;
