//! The table of methods: finds a method by the first four bytes of a request, and checks who may call it.

use std::collections::HashMap;

use grammers_tl_types::{Deserializable, Identifiable, RemoteCall, Serializable, name_for_id};

use super::Call;
use crate::backend::{Account, AuthState};
use crate::bytes::Reader;
use crate::error::RpcError;

type Run = Box<dyn Fn(&mut Call<'_>, &[u8]) -> Result<Vec<u8>, RpcError> + Send + Sync>;

struct Method {
    access: Access,
    run: Run,
}

/// Who may call a method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// Every client.
    Open,
    /// Clients that are signed in.
    SignedIn,
    /// Clients that are signed in to an account that is not frozen.
    NotFrozen,
}

/// The methods that the server implements.
#[derive(Default)]
pub struct Methods(HashMap<u32, Method>);

impl std::fmt::Debug for Methods {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Methods({})", self.0.len())
    }
}

impl Methods {
    pub(super) fn add<F>(
        &mut self,
        access: Access,
        method: fn(&mut Call<'_>, F) -> Result<F::Return, RpcError>,
    ) where
        F: RemoteCall<Return: Serializable> + Deserializable + Identifiable + 'static,
    {
        let run: Run = Box::new(move |call, body| Ok(method(call, parse(body)?)?.to_bytes()));
        self.0.insert(F::CONSTRUCTOR_ID, Method { access, run });
    }

    /// Answers a request.
    pub fn call(&self, call: &mut Call<'_>, body: &[u8]) -> Result<Vec<u8>, RpcError> {
        let id = Reader(body).u32().ok_or_else(|| RpcError::bad("INPUT_REQUEST_INVALID"))?;
        let method = self.0.get(&id);
        match method.map(|method| method.access) {
            Some(Access::Open) => {}
            Some(Access::SignedIn) => check_signed_in(call, true)?,
            Some(Access::NotFrozen) => {
                check_signed_in(call, true)?;
                check_not_frozen(call)?;
            }
            None => {
                check_signed_in(call, false)?;
                check_not_frozen(call)?;
            }
        }
        match method {
            Some(method) => (method.run)(call, body),
            None if name_for_id(id) == "(unknown)" => {
                Err(RpcError::new(400, format!("INPUT_METHOD_INVALID_{id}")))
            }
            None => Err(RpcError::bad("METHOD_NOT_IMPLEMENTED")),
        }
    }
}

/// After a session was ended, every call fails with the reason. A key that was never signed in is only rejected by methods
/// that are known to need an account: clients take 401 for the end of their account.
fn check_signed_in(call: &Call<'_>, is_known: bool) -> Result<(), RpcError> {
    call.check_bound()?;
    match call.auth_state() {
        Some(AuthState::SignedIn(_)) => Ok(()),
        Some(AuthState::Terminated(error)) => Err(RpcError::session_ended(error)),
        Some(AuthState::SignedOut | AuthState::PasswordPending(_)) | None if is_known => {
            Err(RpcError::unauthorized("AUTH_KEY_UNREGISTERED"))
        }
        Some(AuthState::SignedOut | AuthState::PasswordPending(_)) | None => Ok(()),
    }
}

/// A frozen account can be read and signed out of. Unknown methods are assumed to change something.
fn check_not_frozen(call: &Call<'_>) -> Result<(), RpcError> {
    match call.me() {
        Ok((_, phone)) if phone.account == Account::Frozen => {
            Err(RpcError::new(420, "FROZEN_METHOD_INVALID"))
        }
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Parses a request. Bytes after it are ignored, because newer clients may send more.
pub(crate) fn parse<F: Deserializable + Identifiable>(body: &[u8]) -> Result<F, RpcError> {
    body.get(4..)
        .and_then(|body| F::from_bytes(body).ok())
        .ok_or_else(|| RpcError::bad("INPUT_REQUEST_INVALID"))
}
