//! Errors of requests, as Telegram's clients know them: a code and a name in capital letters.

/// An `rpc_error`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code} {name}")]
pub struct RpcError {
    /// 303, 400, 401, 403, 406, 420 or 500; decides what a client does.
    pub code: i32,
    /// Such as `PHONE_CODE_INVALID`.
    pub name: String,
}

impl RpcError {
    pub fn new(code: i32, name: impl Into<String>) -> Self {
        Self { code, name: name.into() }
    }

    /// The request is wrong; the client tells its user.
    pub(crate) fn bad(name: &str) -> Self {
        Self::new(400, name)
    }

    /// The key is not signed in. A client that was signed in forgets its account.
    pub(crate) fn unauthorized(name: &str) -> Self {
        Self::new(401, name)
    }

    /// The session was ended with this error.
    pub(crate) fn session_ended(name: &str) -> Self {
        let code = if name == "AUTH_KEY_DUPLICATED" { 406 } else { 401 };
        Self::new(code, name)
    }
}
