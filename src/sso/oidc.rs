//! Sign-on by OpenID Connect: the authorization code flow with PKCE, as OpenID Connect Core 1.0, RFC 7636 and RFC 9207
//! have it, for a client that has a secret.
//!
//! A browser is sent to the provider with three random values ([`PendingAuthorization`]) that it keeps, sealed. It comes back with
//! a code, which is exchanged for a signed token; the token has to hold in every respect ([`id_token`]). Nothing that
//! comes through the browser is believed for itself. What goes wrong is told to people in general words ([`OidcError`])
//! and to the log exactly; codes and tokens go to neither.

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

pub use error::OidcError;
pub use pending::{LIFE, PendingAuthorization};

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
/// Where the provider sends browsers back to, below PUBLIC_URL.
pub const CALLBACK: &str = "/sign-in/callback";

/// What comes back through the browser.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Answer {
    /// To be exchanged for a token.
    pub code: Option<Secret>,
    /// Which attempt it belongs to.
    pub state: String,
    /// Who says so, if the provider does.
    pub iss: Option<String>,
    /// A word for what went wrong.
    pub error: Option<String>,
}

/// A person's identity, and the token that proves it, which the provider expects when the person signs out.
#[derive(Debug)]
pub struct Proven {
    /// The person.
    pub identity: Identity,
    /// The token.
    pub id_token: Secret,
}

/// The identity provider of these settings.
#[derive(Debug)]
pub struct Provider {
    settings: OidcSettings,
    public: PublicUrl,
    clock: Clock,
    discovery: Arc<Discovery>,
    /// The states of attempts that were answered, until the attempt would have ended.
    answered: Mutex<HashMap<String, i64>>,
}

/// What the provider gives for a code.
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

    /// Begins to ask the provider what the first sign-in needs to know, in the background.
    pub fn prepare(&self) {
        self.discovery.prepare();
    }

    /// The name under which people know the provider: its host.
    pub fn host(&self) -> String {
        let url = Url::parse(&self.settings.issuer).ok();
        url.and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default()
    }

    /// The way to the provider, and what the browser's session has to keep until it comes back. `next` is where the
    /// person wants to go.
    pub async fn begin(&self, next: String) -> Result<(Url, PendingAuthorization), OidcError> {
        let known = self.discovery.known().await?;
        let attempt = PendingAuthorization::new(self.clock.now(), next).map_err(|error| {
            tracing::error!(%error, "the system gives no random numbers");
            OidcError::Unavailable
        })?;
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
        Ok((url, attempt))
    }

    /// Who the person is that comes back. The attempt is over with this, whatever comes of it.
    pub async fn finish(&self, attempt: &PendingAuthorization, answer: &Answer) -> Result<Proven, OidcError> {
        if !self.is_first(attempt) || !attempt.is(&answer.state) {
            return Err(OidcError::Stale);
        }
        let known = self.discovery.known().await?;
        self.comes_from_it(&known.metadata, answer.iss.as_deref())?;
        if let Some(word) = &answer.error {
            return Err(refusal(word));
        }
        let code = answer.code.as_ref().ok_or(OidcError::Stale)?;
        let tokens = self.exchange(&known.metadata, code, attempt).await?;
        let token = self.verified(tokens.id_token.expose(), &known, &attempt.nonce).await?;
        let identity = self.person(token, tokens.access_token.as_ref()).await?;
        Ok(Proven { identity, id_token: tokens.id_token })
    }

    /// Where people sign out of the provider as well, if it has such an address.
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

    /// RFC 9207: an answer that names another provider than the one that was asked is a mix-up attack.
    fn comes_from_it(&self, metadata: &Metadata, issuer: Option<&str>) -> Result<(), OidcError> {
        match issuer {
            Some(issuer) if issuer == self.settings.issuer => Ok(()),
            None if !metadata.authorization_response_iss_parameter_supported => Ok(()),
            _ => {
                tracing::warn!("an answer came that does not name the issuer that was asked");
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
            tracing::warn!(%problem, "the identity provider took no code");
            OidcError::Unavailable
        })?;
        if status != StatusCode::OK {
            return Err(no_tokens(status, &body));
        }
        json(&body).map_err(|problem| {
            tracing::warn!(%problem, "the identity provider gave no tokens");
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

/// What a word of the provider means; RFC 6749 and OpenID Connect have a dozen of them.
fn refusal(word: &str) -> OidcError {
    let word: String = word.chars().filter(char::is_ascii_graphic).take(60).collect();
    tracing::info!(word, "the identity provider denied a sign-in");
    match word.as_str() {
        "access_denied"
        | "login_required"
        | "interaction_required"
        | "consent_required"
        | "account_selection_required" => OidcError::Denied,
        "temporarily_unavailable" | "server_error" => OidcError::Unavailable,
        _ => OidcError::Rejected,
    }
}

/// Why a code gave no tokens. The provider's word goes to the log, its explanations do not.
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

/// As RFC 6749 wants a name and a secret written before they are put into a header.
fn form_encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}
