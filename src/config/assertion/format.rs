//! The format of signed assertions, as presets define it and the verifier uses it.

use jsonwebtoken::Algorithm;
use url::Url;

/// The largest accepted clock skew, in seconds.
pub const MAX_SKEW: i64 = 60;

/// The format, issuer and audience of assertions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AssertionFormat {
    /// The header, in lower case.
    pub header: String,
    /// The cookie with the same assertion, for requests without the header.
    pub cookie: Option<String>,
    /// The accepted signature algorithms; never one with a shared secret.
    pub algorithms: Vec<Algorithm>,
    /// The issuer, compared exactly.
    pub issuer: String,
    pub audience: Audience,
    pub source: ClaimSource,
    pub keys: KeysAt,
    /// The claim with the e-mail address.
    pub email_claim: String,
    /// Accepted clock skew, in seconds.
    pub skew: i64,
    /// The proxy's sign-out path, below the public URL.
    pub log_out: Option<&'static str>,
}

/// How the audience of an assertion is checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Audience {
    /// The claim `aud` contains one of these.
    Claim(Vec<String>),
    /// The token's header names this signer.
    Signer(String),
}

/// Where the issuer and the expiry of an assertion are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClaimSource {
    /// Among the claims, as in the standard.
    Claims,
    /// In the token's header, with padded base64: AWS load balancers do this.
    Header,
}

/// Where the keys are published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeysAt {
    /// All in one JWK set.
    Set(Url),
    /// Each in its own PEM file below this address.
    Each(Url),
}

impl KeysAt {
    pub fn url(&self) -> &Url {
        match self {
            Self::Set(url) | Self::Each(url) => url,
        }
    }
}

/// The operator's settings; a preset supplies missing ones.
pub(super) struct GivenSettings {
    pub(super) header: Option<String>,
    pub(super) algorithms: Option<Vec<Algorithm>>,
    pub(super) issuer: Option<String>,
    pub(super) audience: Option<Vec<String>>,
    pub(super) keys: Option<Url>,
    pub(super) email_claim: Option<String>,
}
