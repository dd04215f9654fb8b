//! How signed assertions look: the types that presets fill in and the verifier reads.

use jsonwebtoken::Algorithm;
use url::Url;

/// Seconds by which clocks may differ at most.
pub const MAX_SKEW: i64 = 60;

/// How assertions look, who signs them, and for whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssertionFormat {
    /// The header, in lower case.
    pub header: String,
    /// The cookie that holds the same, for requests without the header.
    pub cookie: Option<String>,
    /// The accepted signatures; never one with a shared secret.
    pub algorithms: Vec<Algorithm>,
    /// Who signs, exactly as it calls itself.
    pub issuer: String,
    pub audience: Audience,
    pub source: ClaimSource,
    pub keys: KeysAt,
    /// The claim that holds the e-mail address.
    pub email_claim: String,
    /// Seconds that the clocks may differ by.
    pub skew: i64,
    /// The proxy's sign-out path, below the public URL.
    pub log_out: Option<&'static str>,
}

/// For whom an assertion has to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Audience {
    /// The claim `aud` has one of these.
    Claim(Vec<String>),
    /// The token's header names this signer.
    Signer(String),
}

/// Where an assertion's issuer and expiry are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimSource {
    /// Among the claims, as the standard says.
    Claims,
    /// In the token's header, and the parts of the token are padded: the load balancer of AWS.
    Header,
}

/// Where the keys are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeysAt {
    /// All in one JSON document.
    Set(Url),
    /// Each in a PEM file of its own, below this address.
    Each(Url),
}

impl KeysAt {
    pub fn url(&self) -> &Url {
        match self {
            Self::Set(url) | Self::Each(url) => url,
        }
    }
}

/// What the settings say; a preset fills in what is missing.
pub(super) struct GivenSettings {
    pub(super) header: Option<String>,
    pub(super) algorithms: Option<Vec<Algorithm>>,
    pub(super) issuer: Option<String>,
    pub(super) audience: Option<Vec<String>>,
    pub(super) keys: Option<Url>,
    pub(super) email_claim: Option<String>,
}
