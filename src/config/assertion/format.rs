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
    pub trust: EmailTrust,
    /// The claim that holds the names of a person's groups, or the path to it.
    pub groups_claim: String,
    /// Whether people keep their subject. Where they don't, the verified address is the person.
    pub subjects: Subjects,
    /// Accepted clock skew, in seconds.
    pub skew: i64,
    /// The proxy's sign-out path, below the public URL.
    pub log_out: Option<&'static str>,
    /// The proxy's sign-in path, which takes the page to return to, if the proxy's session outlives its tokens.
    pub sign_in: Option<&'static str>,
}

/// What an address needs in order to count as the person's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EmailTrust {
    /// The token says that it is verified.
    Claims,
    /// The proxy decides by the address whom it lets in, so it counts unless the token says that it isn't verified.
    Proxy,
    /// The operator says that the organisation alone assigns the addresses.
    Settings,
}

/// How an issuer names people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subjects {
    /// By a subject that stays theirs.
    Permanent,
    /// By a subject that changes when their seat is removed and added again: Cloudflare Access.
    Replaceable,
}

/// The standard's claim for the address, the only one that `email_verified` speaks of.
pub const EMAIL_CLAIM: &str = "email";

pub(super) const GROUPS_CLAIM: &str = "groups";

/// What JWT_TRUST_EMAIL says, or what the preset knows.
pub(super) const fn trust(given: Option<bool>, known: EmailTrust) -> EmailTrust {
    match given {
        Some(true) => EmailTrust::Settings,
        Some(false) => EmailTrust::Claims,
        None => known,
    }
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
    pub(super) trust_email: Option<bool>,
    pub(super) groups_claim: Option<String>,
}
