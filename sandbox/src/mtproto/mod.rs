//! MTProto without I/O: the key exchange, encrypted packets, salts and sessions.

pub mod envelope;
pub mod handshake;
pub(crate) mod salts;
pub(crate) mod session;
pub(crate) mod sessions;
