//! Login tokens: what the QR code of an app that wants to sign in contains. The phone that scans the code accepts the
//! token, and the app's next request signs it in.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

use super::{App, Backend, Event, PhoneNumber};
use crate::crypto::{KeyId, random, random_id};
use crate::error::RpcError;

/// How long a token can be accepted, in seconds, unless a test chooses another time.
const LIFETIME: i64 = 30;
/// The longest lifetime that a test can choose, in seconds.
pub(crate) const MAX_TOKEN_LIFETIME: i64 = 3600;
/// How long tokens are remembered after they have expired, in seconds.
const REMEMBERED: i64 = 3600;
/// Beyond this limit, the tokens that expire first are forgotten.
const MAX_TOKENS: usize = 10_000;
const LINK: &str = "tg://login?token=";

/// The tokens by their text in links.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LoginTokens {
    /// How long new tokens can be accepted, in seconds.
    pub lifetime: i64,
    pub tokens: BTreeMap<String, LoginToken>,
}

#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LoginToken {
    /// The key that is going to be signed in.
    pub key: KeyId,
    /// In seconds since 1970.
    pub expires: i64,
    /// The ids of users that the app has already; they can't accept the token.
    pub except: Vec<i64>,
    pub accepted: Option<AcceptedLogin>,
}

/// Who accepted a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AcceptedLogin {
    pub number: PhoneNumber,
    /// The hash of the session that the app gets.
    pub hash: i64,
}

impl Default for LoginTokens {
    fn default() -> Self {
        Self { lifetime: LIFETIME, tokens: BTreeMap::new() }
    }
}

impl LoginTokens {
    fn forget_old(&mut self, now: i64) {
        self.tokens.retain(|_, token| token.expires.saturating_add(REMEMBERED) > now);
        while self.tokens.len() >= MAX_TOKENS {
            let first = self.tokens.iter().min_by_key(|(_, token)| token.expires);
            let Some(first) = first.map(|(text, _)| text.clone()) else { return };
            self.tokens.remove(&first);
        }
    }
}

/// The token in a link such as `tg://login?token=…`, which may have base64 padding.
pub(crate) fn token_in_link(link: &str) -> Option<Vec<u8>> {
    let text = link.trim().strip_prefix(LINK)?;
    URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')).ok()
}

impl Backend {
    /// Creates a token for a key. Returns it and the time when it expires.
    pub(crate) fn create_login_token(&mut self, key: KeyId, except: Vec<i64>, now: i64) -> (Vec<u8>, i64) {
        let token = random::<32>().to_vec();
        let tokens = &mut self.login_tokens;
        tokens.forget_old(now);
        let expires = now.saturating_add(tokens.lifetime);
        let new = LoginToken { key, expires, except, accepted: None };
        tokens.tokens.insert(URL_SAFE_NO_PAD.encode(&token), new);
        self.changes += 1;
        (token, expires)
    }

    /// A token of this key that was accepted.
    pub(crate) fn accepted_login_token(&self, key: KeyId) -> Option<Vec<u8>> {
        let mut tokens = self.login_tokens.tokens.iter();
        let (text, _) = tokens.find(|(_, token)| token.key == key && token.accepted.is_some())?;
        URL_SAFE_NO_PAD.decode(text).ok()
    }

    /// Who accepted this token.
    pub(crate) fn accepted_login(&self, token: &[u8]) -> Option<&AcceptedLogin> {
        self.login_tokens.tokens.get(&URL_SAFE_NO_PAD.encode(token))?.accepted.as_ref()
    }

    /// Removes a token, because it was used, and the other tokens of its key.
    pub(crate) fn forget_login_token(&mut self, token: &[u8]) {
        if let Some(used) = self.login_tokens.tokens.remove(&URL_SAFE_NO_PAD.encode(token)) {
            self.login_tokens.tokens.retain(|_, token| token.key != used.key);
            self.changes += 1;
        }
    }

    /// A token that has not expired, or why it can't be used.
    pub(crate) fn login_token(&mut self, token: &[u8], now: i64) -> Result<&mut LoginToken, RpcError> {
        match self.login_tokens.tokens.get_mut(&URL_SAFE_NO_PAD.encode(token)) {
            None => Err(RpcError::bad("AUTH_TOKEN_INVALID")),
            Some(token) if token.accepted.is_some() => Err(RpcError::bad("AUTH_TOKEN_ALREADY_ACCEPTED")),
            Some(token) if token.expires <= now => Err(RpcError::bad("AUTH_TOKEN_EXPIRED")),
            Some(token) => Ok(token),
        }
    }

    /// Lets the app that shows this token sign in to the account of the number. Returns the hash of its future session,
    /// and the app.
    pub(crate) fn accept_login_token(
        &mut self,
        token: &[u8],
        number: &PhoneNumber,
        now: i64,
    ) -> Result<(i64, Option<App>), RpcError> {
        let user_id = self.phones.get(number).map(|phone| phone.user_id);
        let found = self.login_token(token, now)?;
        if user_id.is_none_or(|user_id| found.except.contains(&user_id)) {
            return Err(RpcError::bad("AUTH_TOKEN_EXCEPTION"));
        }
        let (key, hash) = (found.key, random_id());
        found.accepted = Some(AcceptedLogin { number: number.clone(), hash });
        self.changes += 1;
        self.events.push(Event::LoginTokenAccepted(key, now));
        Ok((hash, self.keys.get(&key).and_then(|record| record.app.clone())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error_name<T: std::fmt::Debug>(result: Result<T, RpcError>) -> String {
        result.unwrap_err().name
    }

    #[test]
    fn a_token_is_accepted_once_before_it_expires() {
        let mut backend = Backend::default();
        let ada: PhoneNumber = "9996621234".parse().unwrap();
        let user_id = backend.phone(&ada).unwrap().user_id;
        let key = KeyId(5);
        let (excluded, _) = backend.create_login_token(key, vec![user_id], 100);
        let (token, expires) = backend.create_login_token(key, Vec::new(), 100);
        assert_eq!(expires, 100 + LIFETIME);
        let mut accept = |token: &[u8], now| backend.accept_login_token(token, &ada, now);
        assert_eq!(error_name(accept(b"other", 101)), "AUTH_TOKEN_INVALID");
        assert_eq!(error_name(accept(&excluded, 101)), "AUTH_TOKEN_EXCEPTION");
        assert_eq!(error_name(accept(&token, expires)), "AUTH_TOKEN_EXPIRED");
        let (hash, _) = accept(&token, expires - 1).unwrap();
        assert_eq!(error_name(accept(&token, 102)), "AUTH_TOKEN_ALREADY_ACCEPTED");
        assert_eq!(backend.events, [Event::LoginTokenAccepted(key, expires - 1)]);
        assert_eq!(backend.accepted_login_token(key).as_deref(), Some(token.as_slice()));
        assert_eq!(backend.accepted_login(&token).map(|login| login.hash), Some(hash));
        backend.forget_login_token(&token);
        assert!(backend.login_tokens.tokens.is_empty(), "none of the key is left");
    }

    #[test]
    fn tokens_do_not_pile_up() {
        let mut backend = Backend::default();
        let (old, _) = backend.create_login_token(KeyId(5), Vec::new(), 100);
        for _ in 0..MAX_TOKENS {
            backend.create_login_token(KeyId(5), Vec::new(), 101);
        }
        assert_eq!(backend.login_tokens.tokens.len(), MAX_TOKENS);
        assert_eq!(
            error_name(backend.login_token(&old, 102).cloned()),
            "AUTH_TOKEN_INVALID",
            "the oldest went"
        );
        backend.create_login_token(KeyId(5), Vec::new(), 101 + LIFETIME + REMEMBERED);
        assert_eq!(backend.login_tokens.tokens.len(), 1);
    }

    #[test]
    fn the_token_of_a_link_is_found() {
        assert_eq!(token_in_link(" tg://login?token=AP-_ ").as_deref(), Some(&[0, 255, 191][..]));
        assert_eq!(token_in_link("tg://login?token=AP8=").as_deref(), Some(&[0, 255][..]));
        for wrong in ["", "AP-_", "tg://login?token=A/+A", "https://t.me/login?token=AP-_"] {
            assert_eq!(token_in_link(wrong), None, "{wrong}");
        }
    }
}
