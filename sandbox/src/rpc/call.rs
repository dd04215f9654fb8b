//! Who calls a method, and what the method can read and change.

use std::collections::HashMap;
use std::net::SocketAddr;

use super::tl;
use crate::backend::{AuthState, Backend, KeyKind, Phone, PhoneNumber};
use crate::crypto::KeyId;
use crate::crypto::srp::Challenge;
use crate::error::RpcError;

/// Open password challenges, one per key.
pub type Challenges = HashMap<KeyId, Challenge>;

/// A call of a method.
pub struct Call<'a> {
    /// The data behind the server.
    pub backend: &'a mut Backend,
    /// Open password challenges.
    pub challenges: &'a mut Challenges,
    /// The caller's permanent key.
    pub key: KeyId,
    /// The key that the packet was encrypted with.
    pub packet_key: KeyId,
    /// The id of the caller's session.
    pub session: i64,
    /// The id of the message with the request.
    pub message: i64,
    /// The data centre that is called, 1 to 5.
    pub dc: i32,
    /// Seconds since 1970.
    pub now: i64,
    /// The address for clients without a proxy.
    pub mtproto_address: Option<SocketAddr>,
}

impl Call<'_> {
    /// Seconds since 1970 as the schema has them.
    pub(super) fn date(&self) -> i32 {
        tl::date(self.now)
    }

    pub(super) fn auth_state(&self) -> Option<&AuthState> {
        self.backend.keys.get(&self.key).map(|record| &record.auth_state)
    }

    /// Fails if the caller's key is a temporary one that is not bound to a permanent key.
    pub(super) fn check_bound(&self) -> Result<(), RpcError> {
        match self.backend.keys.get(&self.key).map(|record| record.kind) {
            Some(KeyKind::Temporary { .. }) => Err(RpcError::unauthorized("AUTH_KEY_PERM_EMPTY")),
            Some(KeyKind::Permanent) | None => Ok(()),
        }
    }

    /// The caller's own number and phone; fails if the caller is not signed in.
    pub(super) fn me(&self) -> Result<(PhoneNumber, &Phone), RpcError> {
        let unauthorized = || RpcError::unauthorized("AUTH_KEY_UNREGISTERED");
        let (_, device) = self.backend.device_of_key(self.key).ok_or_else(unauthorized)?;
        let phone = self.backend.phones.get(&device.number).ok_or_else(unauthorized)?;
        Ok((device.number.clone(), phone))
    }
}
