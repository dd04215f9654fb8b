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
mod tests {
    use super::framing::crc32;
    use super::*;

    /// A client's bytes for two packets, the second of which asks for a quick acknowledgement.
    fn client_bytes(framing: Framing, first: &[u8], second: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        for (number, data) in [first, second].into_iter().enumerate() {
            let length = u32::try_from(data.len()).unwrap();
            let quick = number == 1;
            match framing {
                Framing::Abridged if length / 4 < 127 => {
                    out.push(u8::try_from(length / 4).unwrap() | u8::from(quick) << 7);
                }
                Framing::Abridged => {
                    out.push(0x7f | u8::from(quick) << 7);
                    out.extend(&(length / 4).to_le_bytes()[..3]);
                }
                Framing::Intermediate | Framing::Padded => {
                    out.extend((length | if quick { QUICK_ACK } else { 0 }).to_le_bytes());
                }
                Framing::Full => {
                    let mut body = (length + 12).to_le_bytes().to_vec();
                    body.extend(u32::try_from(number).unwrap().to_le_bytes());
                    body.extend(data);
                    body.extend(crc32(&body).to_le_bytes());
                    out.extend(body);
                    continue;
                }
            }
            out.extend(data);
        }
        out
    }

    fn tag(framing: Framing) -> Vec<u8> {
        match framing {
            Framing::Abridged => vec![0xef],
            Framing::Intermediate => vec![0xee; 4],
            Framing::Padded => vec![0xdd; 4],
            Framing::Full => vec![],
        }
    }

    fn obfuscated(framing: Framing, plain: &[u8]) -> (Vec<u8>, ObfuscatedCipher) {
        let mut header: [u8; 64] = std::array::from_fn(|at| u8::try_from(at).unwrap() + 1);
        let mut cipher = ObfuscatedCipher::new(&header);
        let mut encrypted = header;
        let tag = tag(framing)[0];
        encrypted[56..60].copy_from_slice(&[tag; 4]);
        encrypted[60..62].copy_from_slice(&10002i16.to_le_bytes());
        cipher.encrypt(&mut encrypted);
        header[56..].copy_from_slice(&encrypted[56..]);
        let mut body = plain.to_vec();
        cipher.encrypt(&mut body);
        ([&header[..], &body].concat(), cipher)
    }

    const ALL: [Framing; 4] = [Framing::Abridged, Framing::Intermediate, Framing::Padded, Framing::Full];

    /// Feeds the bytes in pieces of one size and collects what comes out.
    fn read(bytes: &[u8], piece: usize) -> (Codec, Vec<Packet>) {
        let mut start = Vec::new();
        let mut codec = None;
        let mut packets = Vec::new();
        for bytes in bytes.chunks(piece) {
            match &mut codec {
                None => {
                    start.extend_from_slice(bytes);
                    codec = Codec::detect(&start).unwrap();
                }
                Some(codec) => codec.feed(bytes),
            }
            while let Some(packet) = codec.as_mut().and_then(|codec| codec.next_packet().unwrap()) {
                packets.push(packet);
            }
        }
        (codec.unwrap(), packets)
    }

    #[test]
    fn every_framing_is_recognised_whatever_the_pieces() {
        for framing in ALL {
            for size in [16, 600] {
                let (first, second) = (vec![1; size], vec![2; size + 4]);
                let body = client_bytes(framing, &first, &second);
                let plain = [tag(framing), body.clone()].concat();
                let mut streams = vec![plain];
                if framing != Framing::Full {
                    streams.push(obfuscated(framing, &body).0);
                }
                for stream in streams {
                    for piece in [1, 7, 64, 10_000] {
                        let (codec, packets) = read(&stream, piece);
                        assert_eq!(codec.framing, framing);
                        let data: Vec<_> = packets.iter().map(|packet| packet.data.clone()).collect();
                        assert_eq!(data, [first.clone(), second.clone()], "{framing:?} in pieces of {piece}");
                        assert!(!packets[0].quick_ack);
                        assert_eq!(packets[1].quick_ack, framing != Framing::Full);
                    }
                }
            }
        }
    }

    #[test]
    fn an_obfuscated_header_names_the_data_centre_and_hides_the_answer() {
        let body = client_bytes(Framing::Intermediate, &[1; 16], &[2; 16]);
        let (stream, mut cipher) = obfuscated(Framing::Intermediate, &body);
        let (mut codec, _) = read(&stream, 1000);
        assert_eq!(codec.dc, Some(10002));
        let mut answer = codec.encode(&[9; 8]);
        cipher.decrypt(&mut answer);
        assert_eq!(answer, [&[8, 0, 0, 0][..], &[9; 8]].concat());
    }

    #[test]
    fn answers_have_the_clients_framing() {
        let codec = |framing| Codec::new(framing);
        assert_eq!(codec(Framing::Abridged).encode(&[7; 8]), [&[2][..], &[7; 8]].concat());
        assert_eq!(codec(Framing::Abridged).encode(&[7; 512])[..4], [0x7f, 128, 0, 0]);
        let padded = codec(Framing::Padded).encode(&[5; 24]);
        assert_eq!((padded.len(), padded[0]), (4 + 24 + 5, 24 + 5));
        assert_eq!(codec(Framing::Padded).encode(&[0xff; 4]).len(), 8, "an error code");
        let mut full = codec(Framing::Full);
        full.encode(&[1; 4]);
        let second = full.encode(&[1; 4]);
        assert_eq!(second[..8], [16, 0, 0, 0, 1, 0, 0, 0]);
        assert_eq!(crc32(&second[..12]).to_le_bytes(), second[12..]);
        let hash = [1; 32];
        assert_eq!(full.encode_quick_ack(&hash), None);
        assert_eq!(codec(Framing::Abridged).encode_quick_ack(&hash), Some(vec![0x81, 1, 1, 1]));
        assert_eq!(codec(Framing::Padded).encode_quick_ack(&hash), Some(vec![1, 1, 1, 0x81]));
    }

    #[test]
    fn invalid_streams_are_rejected() {
        let error = |bytes: &[u8]| match Codec::detect(bytes) {
            Err(error) => Some(error),
            Ok(codec) => codec.and_then(|mut codec| codec.next_packet().err()),
        };
        assert_eq!(error(b"GET / HTTP/1.1\r\n"), Some(FrameError::Unknown));
        assert_eq!(error(&[0x33; 64]), Some(FrameError::Unknown));
        assert_eq!(error(&[0xee, 0xee, 0xee, 0xee, 0xff, 0xff, 0xff, 0x7f]), Some(FrameError::Length));
        assert_eq!(error(&[0xee, 0xee, 0xee, 0xee, 0, 0, 0, 0]), Some(FrameError::Length));
        assert_eq!(error(&[0xef, 0x7f, 0xff, 0xff, 0xff]), Some(FrameError::Length));
        assert_eq!(error(&[0xef, 0]), Some(FrameError::Length));
        assert_eq!(error(&[3, 0, 0, 0, 0, 0, 0, 0]), Some(FrameError::Length));
        assert_eq!(error(&[0, 0, 0, 0, 0, 0, 0, 0]), Some(FrameError::Length));
        let mut damaged = client_bytes(Framing::Full, &[1; 16], &[2; 16]);
        damaged[10] ^= 1;
        assert_eq!(error(&damaged), Some(FrameError::Damaged));
        assert_eq!(error(&[0xee, 0xee]), None, "not enough to tell");
        assert_eq!(error(&[0xee, 0xee, 0xee, 0xee, 8, 0, 0, 0, 1]), None, "the rest may still arrive");
    }
}
