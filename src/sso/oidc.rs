//! OpenID Connect: the authorization code flow with PKCE of OpenID Connect Core 1.0, RFC 7636 and RFC 9207, for a
//! confidential client.
//!
//! A browser is sent to the provider with three random values ([`PendingAuthorization`]), which it keeps, sealed. It
//! returns with a code, which is exchanged for a signed token that is fully verified ([`id_token`]). Nothing that comes
//! through the browser is trusted on its own. People get a general error message ([`OidcError`]), the log gets the
//! details; codes and tokens appear in neither.

mod confirmation;
mod discovery;
mod error;
mod id_token;
mod metadata;
pub mod pending;
mod person;

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use reqwest::StatusCode;
use serde::Deserialize;
use url::Url;

pub use confirmation::Reauthenticated;
pub use error::OidcError;
pub use pending::{LIFE, PendingAuthorization, PendingConfirmation};

use crate::clock::Clock;
use crate::config::{OidcSettings, Outbound, PublicUrl};
use crate::domain::{Identity, Secret};
use crate::sso::http::json;
use crate::sso::jwks::NoKey;
use crate::sso::jwt::{TokenError, VerifiedToken};
use discovery::{DiscoveredProvider, Discovery};
use id_token::IdTokens;
use metadata::Metadata;

/// Answered attempts that are remembered until they would have ended.
const MAX_ANSWERED: usize = 20_000;
/// The redirect path for the provider's answer, below PUBLIC_URL.
pub const CALLBACK: &str = "/sign-in/callback";

/// The provider's answer, sent through the browser.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Answer {
    /// The authorization code.
    pub code: Option<Secret>,
    /// Identifies the attempt.
    pub state: String,
    /// The issuer, if the provider sends it.
    pub iss: Option<String>,
    /// The error code.
    pub error: Option<String>,
}

/// A person's identity, and the token that proves it, which is needed again to sign out at the provider.
#[derive(Debug)]
pub struct Proven {
    pub identity: Identity,
    pub id_token: Secret,
}

/// The configured identity provider.
#[derive(Debug)]
pub struct Provider {
    settings: OidcSettings,
    public: PublicUrl,
    clock: Clock,
    discovery: Arc<Discovery>,
    /// The states of answered attempts, kept until the attempt would have expired.
    answered: Mutex<HashMap<String, i64>>,
}

/// The provider's response to a code.
#[derive(Deserialize)]
struct Tokens {
    id_token: Secret,
    access_token: Option<Secret>,
}

impl Provider {
    /// Sends no request yet.
    pub fn new(settings: OidcSettings, public: PublicUrl, outbound: &Outbound, clock: Clock) -> Self {
        let discovery = Discovery::new(&settings.issuer, outbound, clock.clone());
        Self { settings, public, clock, discovery, answered: Mutex::default() }
    }

    /// Starts fetching metadata and keys for the first sign-in, in the background.
    pub fn prepare(&self) {
        self.discovery.prepare();
    }

    /// The provider's host, as its name for people.
    pub fn host(&self) -> String {
        let url = Url::parse(&self.settings.issuer).ok();
        url.and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default()
    }

    /// The URL of the provider, and the values to keep in the browser's session. `next` is where the person goes after
    /// the sign-in.
    pub async fn begin(&self, next: String) -> Result<(Url, PendingAuthorization), OidcError> {
        let known = self.discovery.known().await?;
        let attempt = self.attempt(next)?;
        Ok((self.authorization_url(&known, &attempt), attempt))
    }

    fn attempt(&self, next: String) -> Result<PendingAuthorization, OidcError> {
        PendingAuthorization::new(self.clock.now(), next).map_err(|error| {
            tracing::error!(%error, "the operating system provides no random bytes");
            OidcError::Unavailable
        })
    }

    fn authorization_url(&self, known: &DiscoveredProvider, attempt: &PendingAuthorization) -> Url {
        let mut url = known.metadata.authorization_endpoint.clone();
        url.query_pairs_mut().extend_pairs([
            ("response_type", "code"),
            ("client_id", &self.settings.client_id),
            ("redirect_uri", &self.address(CALLBACK)),
            ("scope", &self.settings.scopes),
            ("state", &attempt.state),
            ("nonce", &attempt.nonce),
            ("code_challenge", &attempt.challenge()),
            ("code_challenge_method", "S256"),
        ]);
        url
    }

    /// The identity of the person who returns. The attempt ends here, whether it succeeds or not.
    pub async fn finish(&self, attempt: &PendingAuthorization, answer: &Answer) -> Result<Proven, OidcError> {
        if attempt.confirms.is_some() {
            return Err(OidcError::Stale);
        }
        let (token, tokens) = self.answered(attempt, answer).await?;
        let identity = self.person(token, tokens.access_token.as_ref()).await?;
        Ok(Proven { identity, id_token: tokens.id_token })
    }

    /// The verified token that the provider gives for its answer to an attempt, which ends here.
    async fn answered(
        &self,
        attempt: &PendingAuthorization,
        answer: &Answer,
    ) -> Result<(VerifiedToken, Tokens), OidcError> {
        if !self.is_first(attempt) || !attempt.is(&answer.state) {
            return Err(OidcError::Stale);
        }
        let known = self.discovery.known().await?;
        self.comes_from_it(&known.metadata, answer.iss.as_deref())?;
        if let Some(word) = &answer.error {
            return Err(error::refusal(word));
        }
        let code = answer.code.as_ref().ok_or(OidcError::Stale)?;
        let tokens = self.exchange(&known.metadata, code, attempt).await?;
        let token = self.verified(tokens.id_token.expose(), &known, &attempt.nonce).await?;
        Ok((token, tokens))
    }

    /// The URL for signing out at the provider, if it has one.
    pub async fn sign_out(&self, id_token: Option<&Secret>) -> Option<Url> {
        let known = self.discovery.known().await.ok()?;
        let mut url = known.metadata.end_session_endpoint.clone()?;
        let mut query = url.query_pairs_mut();
        query.append_pair("client_id", &self.settings.client_id);
        query.append_pair("post_logout_redirect_uri", &self.address("/sign-in"));
        if let Some(token) = id_token {
            query.append_pair("id_token_hint", token.expose());
        }
        drop(query);
        Some(url)
    }

    fn address(&self, path: &str) -> String {
        format!("{}{path}", self.public.origin())
    }

    /// Notes that an attempt is answered. Its browser forgets it too, but may be made to send the cookie again.
    fn is_first(&self, attempt: &PendingAuthorization) -> bool {
        let now = self.clock.now();
        let mut answered = self.answered.lock();
        if answered.len() >= MAX_ANSWERED {
            answered.retain(|_, until| *until > now.0);
        }
        attempt.is_open(now)
            && answered.len() < MAX_ANSWERED
            && answered.insert(attempt.state.clone(), attempt.until).is_none()
    }

    /// RFC 9207: an answer that names a different issuer is a mix-up attack.
    fn comes_from_it(&self, metadata: &Metadata, issuer: Option<&str>) -> Result<(), OidcError> {
        match issuer {
            Some(issuer) if issuer == self.settings.issuer => Ok(()),
            None if !metadata.authorization_response_iss_parameter_supported => Ok(()),
            _ => {
                tracing::warn!("an authorization response does not name the expected issuer");
                Err(OidcError::InvalidToken)
            }
        }
    }

    async fn exchange(
        &self,
        metadata: &Metadata,
        code: &Secret,
        attempt: &PendingAuthorization,
    ) -> Result<Tokens, OidcError> {
        let (id, secret) = (self.settings.client_id.as_str(), self.settings.client_secret.expose());
        let redirect = self.address(CALLBACK);
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code.expose()),
            ("redirect_uri", &redirect),
            ("code_verifier", &attempt.verifier),
        ];
        let methods = metadata.token_endpoint_auth_methods_supported.as_deref();
        let basic = methods.is_none_or(|all| all.iter().any(|method| method == "client_secret_basic"));
        let [id_encoded, secret_encoded] = [id, secret].map(form_encoded);
        if !basic {
            form.extend([("client_id", id), ("client_secret", secret)]);
        }
        let login = basic.then_some((id_encoded.as_str(), secret_encoded.as_str()));
        let answer = self.discovery.http.post(&metadata.token_endpoint, &form, login).await;
        let (status, body) = answer.map_err(|problem| {
            tracing::warn!(%problem, "the authorization code could not be sent to the identity provider");
            OidcError::Unavailable
        })?;
        if status != StatusCode::OK {
            return Err(no_tokens(status, &body));
        }
        json(&body).map_err(|problem| {
            tracing::warn!(%problem, "the token response of the identity provider can't be read");
            OidcError::Unavailable
        })
    }

    async fn verified(
        &self,
        token: &str,
        known: &DiscoveredProvider,
        nonce: &str,
    ) -> Result<VerifiedToken, OidcError> {
        let invalid = |reason: TokenError| {
            tracing::warn!(%reason, "the ID token of the identity provider is not valid");
            OidcError::InvalidToken
        };
        let id_tokens = IdTokens::new(&known.metadata, &self.settings.client_id);
        let unverified = id_tokens.read(token).map_err(invalid)?;
        let key = match known.keys.find(unverified.kid(), unverified.algorithm()).await {
            Ok(key) => key,
            Err(NoKey::Never) => return Err(OidcError::Unavailable),
            Err(none) => return Err(invalid(none.into())),
        };
        let verified = match id_tokens.verify(&unverified, nonce, &key, self.clock.now()) {
            Err(TokenError::Signature) => {
                match known.keys.find_other(&key, unverified.kid(), unverified.algorithm()).await {
                    Some(other) => id_tokens.verify(&unverified, nonce, &other, self.clock.now()),
                    None => Err(TokenError::Signature),
                }
            }
            verified => verified,
        };
        verified.map_err(invalid)
    }
}

/// Why a code was not exchanged for tokens. The provider's error code is logged, its description is not.
fn no_tokens(status: StatusCode, body: &[u8]) -> OidcError {
    #[derive(Deserialize)]
    struct Said {
        error: String,
    }
    let word = json::<Said>(body).map(|said| said.error).unwrap_or_default();
    let word: String = word.chars().filter(char::is_ascii_graphic).take(60).collect();
    tracing::warn!(%status, word, "the identity provider gave no tokens for a code");
    match word.as_str() {
        "invalid_grant" => OidcError::Stale,
        _ if status.is_client_error() && !word.is_empty() => OidcError::Rejected,
        _ => OidcError::Unavailable,
    }
}

/// RFC 6749 requires form encoding for the client id and secret in the Authorization header.
fn form_encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
