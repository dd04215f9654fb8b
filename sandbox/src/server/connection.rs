//! The state of one connection, as far as packets are concerned.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Notify;

use crate::crypto::KeyId;
use crate::mtproto::handshake::Handshake;
use crate::mtproto::session::SessionKey;

/// How long a connection may be idle unless a ping asks for less.
pub(crate) const MAX_IDLE: Duration = Duration::from_secs(900);

#[derive(Debug)]
pub(crate) struct Connection {
    /// Sessions and injected faults refer to the connection by this number.
    pub(crate) id: u64,
    /// Notified when there is something to send, or when a fault was injected.
    pub(crate) notify: Arc<Notify>,
    /// The data centre, 1 to 5, if the transport named one.
    pub(crate) dc: Option<i32>,
    /// The session of the last packet.
    pub(crate) session: Option<SessionKey>,
    pub(crate) idle_timeout: Duration,
    pub(crate) handshake: Handshake,
    /// A key that is destroyed as soon as the answers to the current packet are encrypted.
    pub(crate) destroying_key: Option<KeyId>,
}

impl Connection {
    pub(crate) fn new(id: u64) -> Self {
        Self {
            id,
            notify: Arc::default(),
            dc: None,
            session: None,
            idle_timeout: MAX_IDLE,
            handshake: Handshake::default(),
            destroying_key: None,
        }
    }
}

/// Why a connection has to be closed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ConnectionError {
    /// The client is sent this transport error first.
    Transport(i32),
    /// What came in is not MTProto.
    Malformed,
}

/// The transport error for a key that the server does not know.
pub(crate) const UNKNOWN_KEY: i32 = -404;

/// Something to write to the client.
#[derive(Debug)]
pub(crate) enum Output {
    /// A packet, not framed yet.
    Packet(Vec<u8>),
    /// A quick acknowledgement of the message with this hash.
    QuickAck([u8; 32]),
}
