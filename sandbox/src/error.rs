//! How a request is refused: the number and the capital letters that Telegram's clients know.

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
    /// Any error.
    pub fn new(code: i32, name: impl Into<String>) -> Self {
        Self { code, name: name.into() }
    }

    /// Something is wrong with the request; the client tells its user.
    pub fn bad(name: &str) -> Self {
        Self::new(400, name)
    }

    /// The key is nobody's. A client that thought it was signed in forgets its account.
    pub fn unauthorized(name: &str) -> Self {
        Self::new(401, name)
    }

    /// The session was ended, for the reason that this word names.
    pub fn ended(word: &str) -> Self {
        let code = if word == "AUTH_KEY_DUPLICATED" { 406 } else { 401 };
        Self::new(code, word)
    }
}
