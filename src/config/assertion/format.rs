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
    pub trust: EmailTrust,
    /// The claim that holds the names of a person's groups, or the path to it.
    pub groups_claim: String,
    /// Whether people keep their subject. Where they don't, the verified address is the person.
    pub subjects: Subjects,
    /// Seconds that the clocks may differ by.
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
    pub(super) trust_email: Option<bool>,
    pub(super) groups_claim: Option<String>,
}
