//! A client that is small enough to be read, and careful where a server can go wrong: it checks every id,
//! session, hash and padding that a server has to get right.

use telescope_sandbox::crypto::{AuthKey, Sender, random_id};
use telescope_sandbox::tl::{Deserializable, Identifiable, RemoteCall, Serializable, functions, types};
use telescope_sandbox::{RpcError, clock};

use crate::wire::Wire;

pub const RPC_RESULT: u32 = 0xf35c_6d01;
const RPC_ERROR: u32 = 0x2144_ca19;
const CONTAINER: u32 = 0x73f1_f8dc;

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
    pub last_id: i64,
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
