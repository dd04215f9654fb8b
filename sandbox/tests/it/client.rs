//! A client that is small enough to be read, and careful where a server can go wrong: it checks every id,
//! sequence number, nonce and hash that a server has to get right.

use std::net::SocketAddr;
use std::time::Duration;

use base64::Engine as _;
use flate2::Crc;
use grammers_crypto::ObfuscatedCipher;
use num_bigint::BigUint;
use telescope_sandbox::crypto::{AuthKey, Sender, random, random_id, sha1};
use telescope_sandbox::tl::{
    Deserializable, Identifiable, RemoteCall, Serializable, enums, functions, types,
};
use telescope_sandbox::{RpcError, clock, dh};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

pub const RPC_RESULT: u32 = 0xf35c_6d01;
const RPC_ERROR: u32 = 0x2144_ca19;
const CONTAINER: u32 = 0x73f1_f8dc;
const PATIENCE: Duration = Duration::from_secs(10);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Framing {
    Abridged,
    Intermediate,
    Padded,
    Full,
}

/// How a client reaches the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Way {
    pub framing: Framing,
    pub obfuscated: bool,
    pub socks: bool,
}

pub const PLAIN: Way = Way { framing: Framing::Intermediate, obfuscated: false, socks: false };

/// Packets over TCP.
pub struct Wire {
    stream: TcpStream,
    framing: Framing,
    cipher: Option<ObfuscatedCipher>,
    sent: u32,
    received: u32,
    quick_acks: Vec<u32>,
}

impl Wire {
    pub async fn connect(address: SocketAddr, way: Way) -> Self {
        let mut stream = TcpStream::connect(address).await.unwrap();
        if way.socks {
            greet_proxy(&mut stream).await;
        }
        let tag = match way.framing {
            Framing::Abridged => [0xef; 4],
            Framing::Intermediate => [0xee; 4],
            Framing::Padded => [0xdd; 4],
            Framing::Full => [0; 4],
        };
        let cipher = if way.obfuscated {
            let mut header: [u8; 64] = random();
            header[0] = 1;
            header[4] = 1;
            header[56..60].copy_from_slice(&tag);
            header[60..62].copy_from_slice(&10_003i16.to_le_bytes());
            let mut cipher = ObfuscatedCipher::new(&header);
            let mut hidden = header;
            cipher.encrypt(&mut hidden);
            header[56..].copy_from_slice(&hidden[56..]);
            stream.write_all(&header).await.unwrap();
            Some(cipher)
        } else {
            match way.framing {
                Framing::Full => {}
                Framing::Abridged => stream.write_all(&tag[..1]).await.unwrap(),
                _ => stream.write_all(&tag).await.unwrap(),
            }
            None
        };
        Self { stream, framing: way.framing, cipher, sent: 0, received: 0, quick_acks: Vec::new() }
    }

    pub async fn send(&mut self, packet: &[u8], quick_ack: bool) {
        let length = u32::try_from(packet.len()).unwrap();
        let quick = u32::from(quick_ack) << 31;
        let mut out = match self.framing {
            Framing::Abridged if length / 4 < 127 => {
                vec![u8::try_from(length / 4).unwrap() | u8::from(quick_ack) << 7]
            }
            Framing::Abridged => {
                let mut head = vec![0x7f | u8::from(quick_ack) << 7];
                head.extend(&(length / 4).to_le_bytes()[..3]);
                head
            }
            Framing::Intermediate => (length | quick).to_le_bytes().to_vec(),
            Framing::Padded => ((length + 3) | quick).to_le_bytes().to_vec(),
            Framing::Full => [(length + 12).to_le_bytes(), self.sent.to_le_bytes()].concat(),
        };
        out.extend(packet);
        match self.framing {
            Framing::Padded => out.extend([9; 3]),
            Framing::Full => out.extend(crc32(&out).to_le_bytes()),
            _ => {}
        }
        self.sent += 1;
        if let Some(cipher) = &mut self.cipher {
            cipher.encrypt(&mut out);
        }
        self.stream.write_all(&out).await.unwrap();
    }

    async fn read(&mut self, count: usize) -> Option<Vec<u8>> {
        let mut bytes = vec![0; count];
        let read = tokio::time::timeout(PATIENCE, self.stream.read_exact(&mut bytes)).await;
        read.expect("the server says nothing").ok()?;
        if let Some(cipher) = &mut self.cipher {
            cipher.decrypt(&mut bytes);
        }
        Some(bytes)
    }

    async fn read_u32(&mut self) -> Option<u32> {
        self.read(4).await.map(|bytes| u32::from_le_bytes(bytes.try_into().unwrap()))
    }

    /// The next packet; `None` when the server has closed the connection.
    pub async fn receive(&mut self) -> Option<Vec<u8>> {
        loop {
            match self.framing {
                Framing::Abridged => {
                    let first = self.read(1).await?[0];
                    if first & 0x80 != 0 {
                        let rest = self.read(3).await?;
                        self.quick_acks.push(u32::from_be_bytes([first, rest[0], rest[1], rest[2]]));
                        continue;
                    }
                    let words = match first {
                        0x7f => {
                            let rest = self.read(3).await?;
                            u32::from_le_bytes([rest[0], rest[1], rest[2], 0])
                        }
                        words => u32::from(words),
                    };
                    return self.read(usize::try_from(words * 4).unwrap()).await;
                }
                Framing::Intermediate | Framing::Padded => {
                    let length = self.read_u32().await?;
                    if length >> 31 != 0 {
                        self.quick_acks.push(length);
                        continue;
                    }
                    return self.read(usize::try_from(length).unwrap()).await;
                }
                Framing::Full => {
                    let length = self.read_u32().await?;
                    let body = self.read(usize::try_from(length).unwrap() - 4).await?;
                    let (body, sum) = body.split_last_chunk::<4>().unwrap();
                    let summed = [&length.to_le_bytes()[..], body].concat();
                    assert_eq!(crc32(&summed), u32::from_le_bytes(*sum));
                    assert_eq!(body[..4], self.received.to_le_bytes());
                    self.received += 1;
                    return Some(body[4..].to_vec());
                }
            }
        }
    }
}

async fn greet_proxy(stream: &mut TcpStream) {
    stream.write_all(&[5, 1, 0]).await.unwrap();
    let mut answer = [0; 2];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(answer, [5, 0]);
    stream.write_all(&[5, 1, 0, 1, 149, 154, 167, 40, 1, 187]).await.unwrap();
    let mut answer = [0; 10];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(answer[..2], [5, 0]);
}

fn crc32(data: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(data);
    crc.sum()
}

/// The modulus of a PKCS#1 public key.
fn modulus(pem: &str) -> BigUint {
    let text: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
    let der = base64::engine::general_purpose::STANDARD.decode(text).unwrap();
    BigUint::from_bytes_be(&der[9..265])
}

/// Which of the forms a client uses in the key exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exchange {
    pub old_question: bool,
    pub old_padding: bool,
    pub dc: Option<i32>,
    pub expires_in: Option<i32>,
}

pub const USUAL: Exchange =
    Exchange { old_question: false, old_padding: false, dc: Some(10_002), expires_in: None };

/// Agrees on a key; gives it and the first salt.
pub async fn exchange_keys(wire: &mut Wire, pem: &str, how: Exchange) -> (AuthKey, i64) {
    let nonce: [u8; 16] = random();
    let question = if how.old_question {
        functions::ReqPq { nonce }.to_bytes()
    } else {
        functions::ReqPqMulti { nonce }.to_bytes()
    };
    let enums::ResPq::Pq(asked) = ask_plain(wire, &question).await;
    assert_eq!(asked.nonce, nonce);
    let server_nonce = asked.server_nonce;
    let (p, q) = grammers_crypto::factorize(u64::from_be_bytes(asked.pq.clone().try_into().unwrap()));
    let bytes = |prime: u64| BigUint::from(prime).to_bytes_be();
    let (p, q) = (bytes(p), bytes(q));
    let new_nonce: [u8; 32] = random();
    let inner = inner(how, &asked.pq, &p, &q, (nonce, server_nonce, new_nonce));
    let encrypted_data = if how.old_padding {
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
    let enums::ServerDhParams::Ok(answer) = ask_plain(wire, &question.to_bytes()).await else {
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
    match ask_plain(wire, &question.to_bytes()).await {
        enums::SetClientDhParamsAnswer::DhGenOk(ok) => {
            assert_eq!(ok.new_nonce_hash1, key.nonce_hash(&new_nonce, 1));
        }
        other => panic!("{other:?}"),
    }
    let salt: Vec<_> = new_nonce.iter().zip(server_nonce).take(8).map(|(a, b)| a ^ b).collect();
    (key, i64::from_le_bytes(salt.try_into().unwrap()))
}

type Nonces = ([u8; 16], [u8; 16], [u8; 32]);

fn inner(how: Exchange, pq: &[u8], p: &[u8], q: &[u8], (nonce, server_nonce, new_nonce): Nonces) -> Vec<u8> {
    let (pq, p, q) = (pq.to_vec(), p.to_vec(), q.to_vec());
    match (how.dc, how.expires_in) {
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

async fn ask_plain<T: Deserializable>(wire: &mut Wire, question: &[u8]) -> T {
    let length = u32::try_from(question.len()).unwrap();
    let packet = [&[0; 8][..], &message_id().to_le_bytes(), &length.to_le_bytes(), question].concat();
    wire.send(&packet, false).await;
    let answer = wire.receive().await.expect("an answer");
    assert_eq!(answer[..8], [0; 8]);
    assert_eq!(answer[8] % 4, 1, "server's ids are odd");
    T::from_bytes(&answer[20..]).unwrap()
}

/// An id for a message that is written now.
pub fn message_id() -> i64 {
    static LAST: std::sync::atomic::AtomicI64 = std::sync::atomic::AtomicI64::new(0);
    let now = clock::now();
    let id = i64::try_from(now.as_secs()).unwrap() << 32 | i64::from(now.subsec_nanos()) << 2;
    let before = LAST.fetch_max(id, std::sync::atomic::Ordering::Relaxed);
    if before >= id { LAST.fetch_add(4, std::sync::atomic::Ordering::Relaxed) + 4 } else { id }
}

/// A message from the server.
#[derive(Debug, Clone)]
pub struct Received {
    pub id: i64,
    pub seqno: i32,
    pub body: Vec<u8>,
}

impl Received {
    pub fn parse<T: Deserializable>(&self) -> Option<T> {
        T::from_bytes(&self.body).ok()
    }
}

/// One session with the server.
pub struct Client {
    pub wire: Wire,
    pub key: AuthKey,
    pub salt: i64,
    pub session: i64,
    pub introduced: bool,
    content: i32,
    last_id: i64,
    /// Messages that came while another one was waited for.
    pub others: Vec<Received>,
}

impl Client {
    pub fn new(wire: Wire, key: AuthKey, salt: i64) -> Self {
        Self {
            wire,
            key,
            salt,
            session: random_id(),
            introduced: false,
            content: 0,
            last_id: 0,
            others: Vec::new(),
        }
    }

    /// The same session on another connection.
    pub fn on(self, wire: Wire) -> Self {
        Self { wire, ..self }
    }

    pub fn seal(&self, id: i64, seqno: i32, body: &[u8]) -> Vec<u8> {
        let mut plain = Vec::new();
        plain.extend(self.salt.to_le_bytes());
        plain.extend(self.session.to_le_bytes());
        plain.extend(id.to_le_bytes());
        plain.extend(seqno.to_le_bytes());
        plain.extend(u32::try_from(body.len()).unwrap().to_le_bytes());
        plain.extend(body);
        plain.resize((plain.len() + 12).next_multiple_of(16), 5);
        let (message_key, data) = Sender::Client.encrypt(&self.key, plain);
        [&self.key.id().0.to_le_bytes()[..], &message_key, &data].concat()
    }

    pub fn next_seqno(&mut self) -> i32 {
        self.content += 1;
        self.content * 2 - 1
    }

    pub async fn send(&mut self, body: &[u8]) -> i64 {
        let id = message_id();
        let seqno = self.next_seqno();
        self.send_as(id, seqno, body).await;
        id
    }

    pub async fn send_as(&mut self, id: i64, seqno: i32, body: &[u8]) {
        let packet = self.seal(id, seqno, body);
        self.wire.send(&packet, false).await;
    }

    /// A service message, which wants no acknowledgement.
    pub async fn tell(&mut self, body: &impl Serializable) -> i64 {
        let id = message_id();
        self.send_as(id, self.content * 2, &body.to_bytes()).await;
        id
    }

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

    /// The next message; `None` when the connection was closed or refused.
    pub async fn receive(&mut self) -> Option<Received> {
        let packet = self.wire.receive().await?;
        if packet.len() < 24 {
            return None;
        }
        assert_eq!(packet[..8], self.key.id().0.to_le_bytes());
        let whole = 24 + (packet.len() - 24) / 16 * 16;
        let message_key = packet[8..24].try_into().unwrap();
        let (plain, _) =
            Sender::Server.decrypt(&self.key, &message_key, &packet[24..whole]).expect("decrypts");
        let number = |at: usize| i64::from_le_bytes(plain[at..at + 8].try_into().unwrap());
        assert_eq!(number(8), self.session);
        let length = usize::try_from(u32::from_le_bytes(plain[28..32].try_into().unwrap())).unwrap();
        let padding = plain.len() - 32 - length;
        assert!((12..=1024).contains(&padding) && length.is_multiple_of(4), "{padding} {length}");
        let received = Received {
            id: number(16),
            seqno: i32::from_le_bytes(plain[24..28].try_into().unwrap()),
            body: plain[32..32 + length].to_vec(),
        };
        assert!(received.id % 2 == 1, "server's ids are odd");
        self.last_id = self.last_id.max(received.id);
        Some(received)
    }

    /// Waits for a message that is wanted; the others are kept.
    pub async fn wait_for(&mut self, wanted: impl Fn(&Received) -> bool) -> Received {
        if let Some(at) = self.others.iter().position(&wanted) {
            return self.others.remove(at);
        }
        loop {
            let received = self.receive().await.expect("the connection was closed");
            if wanted(&received) {
                return received;
            }
            self.others.push(received);
        }
    }

    pub async fn wait_as<T: Deserializable>(&mut self) -> T {
        self.wait_for(|received| received.parse::<T>().is_some()).await.parse().unwrap()
    }

    /// The answer to a request, as bytes.
    pub async fn result(&mut self, id: i64) -> Result<Vec<u8>, RpcError> {
        let head = [&RPC_RESULT.to_le_bytes()[..], &id.to_le_bytes()].concat();
        let received = self.wait_for(|received| received.body.starts_with(&head)).await;
        assert_eq!(received.seqno % 2, 1, "answers want an acknowledgement");
        let body = received.body[12..].to_vec();
        if body[..4] != RPC_ERROR.to_le_bytes() {
            return Ok(body);
        }
        let error = types::RpcError::from_bytes(&body[4..]).unwrap();
        Err(RpcError::new(error.error_code, error.error_message))
    }

    /// Asks for something, and introduces itself the first time.
    pub async fn invoke<F: RemoteCall + Identifiable>(&mut self, request: &F) -> Result<F::Return, RpcError> {
        let body = self.introduce(request.to_bytes());
        let id = self.send(&body).await;
        let answer = self.result(id).await?;
        Ok(F::Return::from_bytes(&answer).unwrap())
    }

    pub fn introduce(&mut self, request: Vec<u8>) -> Vec<u8> {
        if std::mem::replace(&mut self.introduced, true) {
            return request;
        }
        let mut body = functions::InvokeWithLayer {
            layer: 222,
            query: functions::InitConnection {
                api_id: 7,
                device_model: "Test desk".to_owned(),
                system_version: "1".to_owned(),
                app_version: "2".to_owned(),
                system_lang_code: "en".to_owned(),
                lang_pack: String::new(),
                lang_code: "en".to_owned(),
                proxy: None,
                params: None,
                query: functions::help::GetConfig {},
            },
        }
        .to_bytes();
        body.truncate(body.len() - 4);
        [body, request].concat()
    }
}

/// What a packet that carries no message says: a transport error.
pub async fn transport_error(wire: &mut Wire) -> Option<i32> {
    let packet = wire.receive().await?;
    Some(i32::from_le_bytes(packet.get(..4)?.try_into().ok()?))
}

impl Wire {
    /// The quick acknowledgements that came so far.
    pub fn quick_acks(&self) -> &[u32] {
        &self.quick_acks
    }
}
