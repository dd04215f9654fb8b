//! The parsers alone: many rounds, and every allocation counts, even if its memory is never touched.

use telescope_sandbox::backend::Backend;
use telescope_sandbox::crypto::rsa::RsaKey;
use telescope_sandbox::crypto::{AuthKey, KeyId, random};
use telescope_sandbox::mtproto::envelope;
use telescope_sandbox::mtproto::handshake::{Handshake, NewKey};
use telescope_sandbox::rpc::{Call, Challenges, Methods, wrapper};
use telescope_sandbox::transport::Codec;

use crate::common::client::plaintext;
use crate::common::login::number;
use crate::corpus::{bodies, questions, sealed, streams};
use crate::random::Random;
use crate::{alone, plan};

/// Larger inputs find nothing new, but take longer.
const MOST: usize = 256 * 1024;
const SESSION: i64 = 77;

/// Everything that requests need, with a signed-in user.
struct Bench {
    backend: Backend,
    challenges: Challenges,
    methods: Methods,
    key: AuthKey,
}

impl Bench {
    fn new() -> Self {
        let mut backend = Backend::default();
        let key = AuthKey(random());
        backend.add_key(NewKey { key: key.clone(), salt: 0, dc: Some(2), expires_in: None }, 1);
        let ada = number("9996621234");
        backend.phone(&ada).unwrap();
        backend.sign_in(key.id(), &ada, 1);
        Self { backend, challenges: Challenges::new(), methods: Methods::all(), key }
    }

    /// Follows a plaintext from its encryption to the answers of the requests in it.
    fn packet(&mut self, plain: Vec<u8>) {
        let packet = sealed(&self.key, plain);
        let _ = envelope::key_of(&packet);
        let Some((envelope, _)) = envelope::open(&self.key, &packet) else { return };
        for message in envelope::unpack(envelope.message).unwrap_or_default() {
            let Some(request) = wrapper::unwrap(&message.body) else { continue };
            let mut backend = self.backend.clone();
            let mut call = Call {
                backend: &mut backend,
                challenges: &mut self.challenges,
                key: self.key.id(),
                packet_key: self.key.id(),
                session: SESSION,
                message: message.id,
                dc: 2,
                now: 100,
                mtproto_address: None,
            };
            let _ = self.methods.call(&mut call, &request.body);
        }
    }
}

/// Cuts a stream into pieces of random sizes. No more can come out than went in.
fn stream(bytes: &[u8], random: &mut Random) {
    let (mut start, mut rest) = (Vec::new(), bytes);
    let (mut codec, mut out) = (None, 0);
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(1 + random.below(rest.len()));
        rest = after;
        match &mut codec {
            None => {
                start.extend_from_slice(piece);
                match Codec::detect(&start) {
                    Ok(found) => codec = found,
                    Err(_) => return,
                }
            }
            Some(codec) => codec.feed(piece),
        }
        let Some(codec) = &mut codec else { continue };
        loop {
            match codec.next_packet() {
                Ok(Some(packet)) => out += packet.data.len(),
                Ok(None) => break,
                Err(_) => return,
            }
        }
    }
    assert!(out <= bytes.len());
}

fn question(rsa: &RsaKey, bytes: &[u8]) {
    let mut handshake = Handshake::default();
    let _ = handshake.answer(rsa, &questions()[0], 5, |_: KeyId| false);
    let _ = handshake.answer(rsa, bytes, 5, |_: KeyId| true);
}

#[test]
fn damaged_input_never_panics() {
    let (seed, rounds) = plan(30_000);
    alone("VmPeak", move || {
        let rsa = RsaKey::generate().unwrap();
        let (mut bench, mut random) = (Bench::new(), Random(seed));
        let (bodies, streams, questions) = (bodies(), streams(), questions());
        for _ in 0..rounds {
            let kind = random.below(8);
            let ground = match kind {
                0 => &streams,
                1 => &questions,
                _ => &bodies,
            };
            let mut bytes = random.pick(ground).clone();
            if kind != 2 {
                random.damage(&mut bytes, ground);
            }
            bytes.truncate(MOST);
            match kind {
                0 => stream(&bytes, &mut random),
                1 => question(&rsa, &bytes),
                2 | 3 => {
                    let mut plain = plaintext(0, SESSION, 4, 1, &bytes);
                    random.damage(&mut plain, &bodies);
                    bench.packet(plain);
                }
                _ => {
                    bytes.resize(bytes.len().next_multiple_of(4), 0);
                    bench.packet(plaintext(0, SESSION, 4, 1, &bytes));
                }
            }
        }
    });
}

#[test]
fn lengths_are_not_trusted() {
    alone("VmPeak", || {
        let mut bench = Bench::new();
        let rsa = RsaKey::generate().unwrap();
        for huge in [0x7fff_ffffu32, 0xffff_ffff, 0x8000_0000, 0x00ff_ffff, 0xffff_fffe] {
            let everywhere = |bytes: &[u8], step: usize| {
                let places = (0..bytes.len().saturating_sub(3)).step_by(step);
                let lies = places.map(|at| {
                    let mut lie = bytes.to_vec();
                    lie[at..at + 4].copy_from_slice(&huge.to_le_bytes());
                    lie
                });
                lies.collect::<Vec<_>>()
            };
            for body in bodies() {
                for lie in everywhere(&plaintext(0, SESSION, 4, 1, &body), 4) {
                    bench.packet(lie);
                }
            }
            for bytes in streams() {
                everywhere(&bytes, 1).iter().for_each(|lie| stream(lie, &mut Random(1)));
            }
            for bytes in questions() {
                everywhere(&bytes, 4).iter().for_each(|lie| question(&rsa, lie));
            }
        }
    });
}
