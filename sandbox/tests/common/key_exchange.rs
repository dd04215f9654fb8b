//! The client's side of the key exchange, in all its forms.

use base64::Engine as _;
use num_bigint::BigUint;
use telescope_sandbox::crypto::dh;
use telescope_sandbox::crypto::{AuthKey, random, sha1};
use telescope_sandbox::tl::{Deserializable, Serializable as _, enums, functions, types};

use super::client::message_id;
use super::packets::PacketStream;

/// The modulus of a PKCS#1 public key.
fn modulus(pem: &str) -> BigUint {
    let text: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let der = base64::engine::general_purpose::STANDARD.decode(text).unwrap();
    BigUint::from_bytes_be(&der[9..265])
}

/// Which of the forms a client uses in the key exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyExchange {
    pub old_question: bool,
    pub old_padding: bool,
    pub dc: Option<i32>,
    pub expires_in: Option<i32>,
}

pub const DEFAULT_EXCHANGE: KeyExchange =
    KeyExchange { old_question: false, old_padding: false, dc: Some(10_002), expires_in: None };

/// Agrees on a key; gives it and the first salt.
pub async fn exchange_keys(stream: &mut PacketStream, pem: &str, options: KeyExchange) -> (AuthKey, i64) {
    let nonce: [u8; 16] = random();
    let question = if options.old_question {
        functions::ReqPq { nonce }.to_bytes()
    } else {
        functions::ReqPqMulti { nonce }.to_bytes()
    };
    let enums::ResPq::Pq(asked) = ask_plain(stream, &question).await;
    assert_eq!(asked.nonce, nonce);
    let server_nonce = asked.server_nonce;
    let (p, q) = grammers_crypto::factorize(u64::from_be_bytes(asked.pq.clone().try_into().unwrap()));
    let bytes = |prime: u64| BigUint::from(prime).to_bytes_be();
    let (p, q) = (bytes(p), bytes(q));
    let new_nonce: [u8; 32] = random();
    let inner = inner(options, &asked.pq, &p, &q, (nonce, server_nonce, new_nonce));
    let encrypted_data = if options.old_padding {
        let padded = [&sha1(&[&inner])[..], &inner].concat();
        let padded = [padded.clone(), random::<255>()[padded.len()..].to_vec()].concat();
        dh::bytes(&BigUint::from_bytes_be(&padded).modpow(&BigUint::from(65537u32), &modulus(pem))).to_vec()
    } else {
        let key = grammers_crypto::rsa::Key::new(&modulus(pem).to_string(), "65537").unwrap();
        grammers_crypto::rsa::encrypt_hashed(&inner, &key, &random())
    };
    let question = functions::ReqDhParams {
        nonce,
        server_nonce,
        p,
        q,
        public_key_fingerprint: asked.server_public_key_fingerprints[0],
        encrypted_data,
    };
    let enums::ServerDhParams::Ok(answer) = ask_plain(stream, &question.to_bytes()).await else {
        panic!("the server refused")
    };
    let (aes, iv) = grammers_crypto::generate_key_data_from_nonce(&server_nonce, &new_nonce);
    let mut plain = answer.encrypted_answer;
    grammers_crypto::aes::ige_decrypt(&mut plain, &aes, &iv);
    let enums::ServerDhInnerData::Data(theirs) = enums::ServerDhInnerData::from_bytes(&plain[20..]).unwrap();
    let length = enums::ServerDhInnerData::Data(theirs.clone()).to_bytes().len();
    assert_eq!(plain[..20], sha1(&[&plain[20..20 + length]]));
    assert!(plain.len() - 20 - length < 16 && theirs.dh_prime == dh::prime_bytes());
    let ours = dh::exponent();
    let inner = enums::ClientDhInnerData::Data(types::ClientDhInnerData {
        nonce,
        server_nonce,
        retry_id: 0,
        g_b: dh::bytes(&dh::power(&ours)).to_vec(),
    })
    .to_bytes();
    let mut data = [&sha1(&[&inner])[..], &inner].concat();
    data.resize(data.len().next_multiple_of(16), 7);
    grammers_crypto::aes::ige_encrypt(&mut data, &aes, &iv);
    let question = functions::SetClientDhParams { nonce, server_nonce, encrypted_data: data };
    let shared = dh::public(&theirs.g_a).unwrap().modpow(&ours, dh::prime());
    let key = AuthKey(dh::bytes(&shared));
    match ask_plain(stream, &question.to_bytes()).await {
        enums::SetClientDhParamsAnswer::DhGenOk(ok) => {
            assert_eq!(ok.new_nonce_hash1, key.nonce_hash(&new_nonce, 1));
        }
        other => panic!("{other:?}"),
    }
    let salt: Vec<_> = new_nonce.iter().zip(server_nonce).take(8).map(|(a, b)| a ^ b).collect();
    (key, i64::from_le_bytes(salt.try_into().unwrap()))
}

type Nonces = ([u8; 16], [u8; 16], [u8; 32]);

fn inner(
    options: KeyExchange,
    pq: &[u8],
    p: &[u8],
    q: &[u8],
    (nonce, server_nonce, new_nonce): Nonces,
) -> Vec<u8> {
    let (pq, p, q) = (pq.to_vec(), p.to_vec(), q.to_vec());
    match (options.dc, options.expires_in) {
        (None, None) => {
            enums::PQInnerData::Data(types::PQInnerData { pq, p, q, nonce, server_nonce, new_nonce })
        }
        (Some(dc), None) => {
            enums::PQInnerData::Dc(types::PQInnerDataDc { pq, p, q, nonce, server_nonce, new_nonce, dc })
        }
        (None, Some(expires_in)) => enums::PQInnerData::Temp(types::PQInnerDataTemp {
            pq,
            p,
            q,
            nonce,
            server_nonce,
            new_nonce,
            expires_in,
        }),
        (Some(dc), Some(expires_in)) => enums::PQInnerData::TempDc(types::PQInnerDataTempDc {
            pq,
            p,
            q,
            nonce,
            server_nonce,
            new_nonce,
            dc,
            expires_in,
        }),
    }
    .to_bytes()
}

async fn ask_plain<T: Deserializable>(stream: &mut PacketStream, question: &[u8]) -> T {
    let length = u32::try_from(question.len()).unwrap();
    let packet = [&[0; 8][..], &message_id().to_le_bytes(), &length.to_le_bytes(), question].concat();
    stream.send(&packet, false).await;
    let answer = stream.receive().await.expect("an answer");
    assert_eq!(answer[..8], [0; 8]);
    assert_eq!(answer[8] % 4, 1, "server's ids are odd");
    T::from_bytes(&answer[20..]).unwrap()
}
