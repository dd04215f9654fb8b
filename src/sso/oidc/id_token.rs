//! The signed token in which a provider says who somebody is, and everything that has to hold of it.

use jsonwebtoken::jwk::{Jwk, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::discovery::Known;

/// Signatures that count. Never one with a shared secret, nor none at all, whatever the provider offers.
const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];
/// Seconds by which clocks may differ.
const LEEWAY: u64 = 60;
/// Characters of a token.
const MAX_TOKEN: usize = 64 * 1024;

/// What a token says, its times being whole numbers and its names texts; anything else is refused.
#[derive(Debug, Deserialize)]
pub(super) struct Claims {
    iss: String,
    pub(super) sub: String,
    aud: Audience,
    azp: Option<String>,
    nonce: Option<String>,
    #[serde(rename = "exp")]
    _exp: u64,
    #[serde(rename = "nbf", default)]
    _nbf: Option<u64>,
    iat: u64,
    /// Everything else, such as the address.
    #[serde(flatten)]
    pub(super) more: Map<String, Value>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

/// Why a token does not hold; for the log.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub(super) enum Untrue {
    /// The key that it names is not among the provider's, as far as they are known.
    #[error("the token is signed with a key that the provider does not have")]
    UnknownKey,
    /// Anything else.
    #[error("{0}")]
    Because(String),
}

fn because(reason: impl ToString) -> Untrue {
    Untrue::Because(reason.to_string())
}

/// Checks a token that `client` got for an attempt with this nonce; `now` is in seconds.
pub(super) fn verify(
    token: &str,
    known: &Known,
    client: &str,
    nonce: &str,
    now: i64,
) -> Result<Claims, Untrue> {
    if token.len() > MAX_TOKEN {
        return Err(because("the token is too long"));
    }
    let header = decode_header(token).map_err(because)?;
    let offered = &known.metadata.id_token_signing_alg_values_supported;
    let name = format!("{:?}", header.alg);
    if !ALGORITHMS.contains(&header.alg) || !(offered.is_empty() || offered.contains(&name)) {
        return Err(because(format!("the token is signed by {name}")));
    }
    if header.crit.is_some() {
        return Err(because("the token has extensions that one must understand"));
    }
    let key = key(&known.keys, header.kid.as_deref(), header.alg)?;
    let key = DecodingKey::from_jwk(key).map_err(because)?;
    let mut rules = Validation::new(header.alg);
    rules.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    rules.set_issuer(&[&known.metadata.issuer]);
    rules.set_audience(&[client]);
    rules.validate_nbf = true;
    rules.leeway = LEEWAY;
    let claims = decode::<Claims>(token, &key, &rules).map_err(because)?.claims;
    hold(&claims, known, client, nonce, now)?;
    Ok(claims)
}

/// What has to hold beside the signature and the token's time.
fn hold(claims: &Claims, known: &Known, client: &str, nonce: &str, now: i64) -> Result<(), Untrue> {
    let several = match &claims.aud {
        Audience::One(one) => one != client,
        Audience::Many(many) => many.iter().any(|audience| audience != client),
    };
    let party = claims.azp.as_deref();
    let latest = u64::try_from(now).unwrap_or(0) + LEEWAY;
    for (holds, otherwise) in [
        (claims.iss == known.metadata.issuer, "the token has another issuer"),
        (!claims.sub.is_empty() && claims.sub.len() <= 255, "the token names nobody"),
        (claims.nonce.as_deref() == Some(nonce), "the token was made for another attempt"),
        (party.is_none_or(|party| party == client), "the token was given to another client"),
        (!several || party.is_some(), "the token is for several, and does not say who got it"),
        (claims.iat <= latest, "the token comes from the future"),
    ] {
        if !holds {
            return Err(because(otherwise));
        }
    }
    Ok(())
}

/// The key of that name; without a name, the only one that fits.
fn key<'a>(keys: &'a [Jwk], name: Option<&str>, algorithm: Algorithm) -> Result<&'a Jwk, Untrue> {
    let fits = |key: &&Jwk| {
        let common = &key.common;
        let signs = common.public_key_use.as_ref().is_none_or(|it| *it == PublicKeyUse::Signature);
        let for_it = common.key_algorithm.is_none_or(|it| it == algorithm.into());
        let family = DecodingKey::from_jwk(key).is_ok_and(|key| key.family() == algorithm.family());
        signs && for_it && family
    };
    let mut fitting = keys.iter().filter(fits).filter(|key| match name {
        Some(name) => key.common.key_id.as_deref() == Some(name),
        None => true,
    });
    match (fitting.next(), fitting.next()) {
        (Some(key), None) => Ok(key),
        (None, _) => Err(Untrue::UnknownKey),
        (Some(_), Some(_)) => Err(because("the token does not say which of several keys signed it")),
    }
}
