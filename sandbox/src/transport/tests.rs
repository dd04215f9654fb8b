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
