//! A small MTProto client that checks every id, session, hash and padding of the server.

use telescope_sandbox::crypto::{AuthKey, Sender, random_id};
use telescope_sandbox::tl::{Deserializable, Identifiable, RemoteCall, Serializable, functions, types};
use telescope_sandbox::{RpcError, clock};

use super::packets::PacketStream;
use super::requests;

pub const RPC_RESULT: u32 = 0xf35c_6d01;
const RPC_ERROR: u32 = 0x2144_ca19;

/// A message id for the current time.
pub fn message_id() -> i64 {
    static LAST: std::sync::atomic::AtomicI64 = std::sync::atomic::AtomicI64::new(0);
    let now = clock::now();
    let id = i64::try_from(now.as_secs()).unwrap() << 32 | i64::from(now.subsec_nanos()) << 2;
    let before = LAST.fetch_max(id, std::sync::atomic::Ordering::Relaxed);
    if before >= id { LAST.fetch_add(4, std::sync::atomic::Ordering::Relaxed) + 4 } else { id }
}

/// The plaintext of a packet, padded.
pub fn plaintext(salt: i64, session: i64, id: i64, seqno: i32, body: &[u8]) -> Vec<u8> {
    let mut plain = [salt.to_le_bytes(), session.to_le_bytes(), id.to_le_bytes()].concat();
    plain.extend(seqno.to_le_bytes());
    plain.extend(u32::try_from(body.len()).unwrap().to_le_bytes());
    plain.extend(body);
    plain.resize((plain.len() + 12).next_multiple_of(16), 5);
    plain
}

/// A packet of a client.
pub fn encrypt(key: &AuthKey, plain: Vec<u8>) -> Vec<u8> {
    let (message_key, data) = Sender::Client.encrypt(key, plain);
    [&key.id().0.to_le_bytes()[..], &message_key, &data].concat()
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
    pub stream: PacketStream,
    pub key: AuthKey,
    pub salt: i64,
    pub session: i64,
    pub is_introduced: bool,
    content: i32,
    pub last_id: i64,
    /// Messages that arrived while the client waited for another one.
    pub pending: Vec<Received>,
}

impl Client {
    pub fn new(stream: PacketStream, key: AuthKey, salt: i64) -> Self {
        Self {
            stream,
            key,
            salt,
            session: random_id(),
            is_introduced: false,
            content: 0,
            last_id: 0,
            pending: Vec::new(),
        }
    }

    /// The same session on another connection.
    pub fn reconnect(self, stream: PacketStream) -> Self {
        Self { stream, ..self }
    }

    pub fn seal(&self, id: i64, seqno: i32, body: &[u8]) -> Vec<u8> {
        encrypt(&self.key, plaintext(self.salt, self.session, id, seqno, body))
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
        self.stream.send(&packet, false).await;
    }

    /// Sends a service message, which needs no acknowledgement.
    pub async fn send_service(&mut self, body: &impl Serializable) -> i64 {
        let id = message_id();
        self.send_as(id, self.content * 2, &body.to_bytes()).await;
        id
    }

    /// The next message; `None` when the connection was closed or refused.
    pub async fn receive(&mut self) -> Option<Received> {
        let packet = self.stream.receive().await?;
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
        assert!(received.id % 2 == 1, "ids of the server are odd");
        self.last_id = self.last_id.max(received.id);
        Some(received)
    }

    /// Waits for a message; others are kept in `pending`.
    pub async fn wait_for(&mut self, wanted: impl Fn(&Received) -> bool) -> Received {
        if let Some(at) = self.pending.iter().position(&wanted) {
            return self.pending.remove(at);
        }
        loop {
            let received = self.receive().await.expect("the connection was closed");
            if wanted(&received) {
                return received;
            }
            self.pending.push(received);
        }
    }

    pub async fn wait_as<T: Deserializable>(&mut self) -> T {
        self.wait_for(|received| received.parse::<T>().is_some()).await.parse().unwrap()
    }

    /// The answer to a request, as bytes.
    pub async fn result(&mut self, id: i64) -> Result<Vec<u8>, RpcError> {
        let head = [&RPC_RESULT.to_le_bytes()[..], &id.to_le_bytes()].concat();
        let received = self.wait_for(|received| received.body.starts_with(&head)).await;
        assert_eq!(received.seqno % 2, 1, "answers need an acknowledgement");
        let body = received.body[12..].to_vec();
        if body[..4] != RPC_ERROR.to_le_bytes() {
            return Ok(body);
        }
        let error = types::RpcError::from_bytes(&body[4..]).unwrap();
        Err(RpcError::new(error.error_code, error.error_message))
    }

    /// Calls a method. The first call also describes the app.
    pub async fn invoke<F: RemoteCall + Identifiable>(&mut self, request: &F) -> Result<F::Return, RpcError> {
        let body = self.introduce(request.to_bytes());
        let id = self.send(&body).await;
        let answer = self.result(id).await?;
        Ok(F::Return::from_bytes(&answer).unwrap())
    }

    pub fn introduce(&mut self, request: Vec<u8>) -> Vec<u8> {
        if std::mem::replace(&mut self.is_introduced, true) {
            return request;
        }
        let mut body = requests::init_connection(None, functions::help::GetConfig {}).to_bytes();
        body.truncate(body.len() - 4);
        [body, request].concat()
    }
}
