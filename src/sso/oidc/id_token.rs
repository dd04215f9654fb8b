//! The signed token in which a provider says who somebody is, and everything that has to hold of it.

use jsonwebtoken::{Algorithm, Validation, decode, decode_header};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::discovery::Metadata;
use crate::sso::jwks::Key;
use crate::sso::jwks::NoKey;

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
#[error("{0}")]
pub(super) struct TokenError(String);

fn because(reason: impl ToString) -> TokenError {
    TokenError(reason.to_string())
}

impl From<NoKey> for TokenError {
    fn from(none: NoKey) -> Self {
        because(match none {
            NoKey::Unknown | NoKey::Never => "the token is signed with a key that the provider does not have",
            NoKey::Kind => "the token is signed in a way that the key it names does not sign",
            NoKey::Several => "the token does not say which of several keys signed it",
        })
    }
}

/// How a token says that it is signed.
#[derive(Debug)]
pub(super) struct Signed {
    pub(super) kid: Option<String>,
    pub(super) algorithm: Algorithm,
}

/// Reads how a token is signed; nothing is proven by that.
pub(super) fn signed(token: &str, metadata: &Metadata) -> Result<Signed, TokenError> {
    if token.len() > MAX_TOKEN {
        return Err(because("the token is too long"));
    }
    let header = decode_header(token).map_err(because)?;
    let offered = &metadata.id_token_signing_alg_values_supported;
    let name = format!("{:?}", header.alg);
    if !ALGORITHMS.contains(&header.alg) || !(offered.is_empty() || offered.contains(&name)) {
        return Err(because(format!("the token is signed by {name}")));
    }
    if header.crit.is_some() {
        return Err(because("the token has extensions that one must understand"));
    }
    Ok(Signed { kid: header.kid, algorithm: header.alg })
}

/// What a token has to be for.
pub(super) struct Expected<'a> {
    pub(super) metadata: &'a Metadata,
    pub(super) client: &'a str,
    pub(super) nonce: &'a str,
}

/// Checks a token by the key that it names; `now` is in seconds.
pub(super) fn verify(
    token: &str,
    signed: &Signed,
    key: &Key,
    expected: &Expected<'_>,
    now: i64,
) -> Result<Claims, TokenError> {
    let mut rules = Validation::new(signed.algorithm);
    rules.set_required_spec_claims(&["exp", "iss", "aud", "sub"]);
    rules.set_issuer(&[&expected.metadata.issuer]);
    rules.set_audience(&[expected.client]);
    rules.validate_nbf = true;
    rules.leeway = LEEWAY;
    let claims = decode::<Claims>(token, key.decoding(), &rules).map_err(because)?.claims;
    hold(&claims, expected, now)?;
    Ok(claims)
}

/// What has to hold beside the signature and the token's time.
fn hold(claims: &Claims, expected: &Expected<'_>, now: i64) -> Result<(), TokenError> {
    let Expected { metadata, client, nonce } = *expected;
    let several = match &claims.aud {
        Audience::One(one) => one != client,
        Audience::Many(many) => many.iter().any(|audience| audience != client),
    };
    let party = claims.azp.as_deref();
    let latest = u64::try_from(now).unwrap_or(0) + LEEWAY;
    for (holds, otherwise) in [
        (claims.iss == metadata.issuer, "the token has another issuer"),
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

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn metadata() -> Metadata {
        let at = "https://login.example.org/";
        let said = json!({
            "issuer": at, "authorization_endpoint": at, "token_endpoint": at, "jwks_uri": at,
        });
        serde_json::from_value(said).unwrap()
    }

    proptest! {
        #[test]
        fn any_text_is_refused_or_is_to_be_signed_as_we_take_it(
            text in "\\PC{0,200}",
            head in proptest::collection::vec(any::<u8>(), 0..60),
            alg in "(none|None|HS256|HS512|RS256|ES256|EdDSA|[A-Za-z0-9]{0,6})",
        ) {
            prop_assert!(signed(&text, &metadata()).is_err());
            let header = json!({ "alg": alg, "kid": text }).to_string();
            for part in [head.as_slice(), header.as_bytes()] {
                let token = format!("{}.e30.AA", URL_SAFE_NO_PAD.encode(part));
                if let Ok(signed) = signed(&token, &metadata()) {
                    prop_assert!(ALGORITHMS.contains(&signed.algorithm) && !alg.starts_with("HS"));
                }
            }
        }

        #[test]
        fn any_claims_are_read_without_harm(
            name in "(iss|sub|aud|azp|nonce|iat|exp|email)",
            number in any::<f64>(),
            text in "\\PC{0,40}",
        ) {
            let metadata = metadata();
            let expected = Expected { metadata: &metadata, client: "telescope", nonce: "n" };
            for value in [json!(number), json!(text), json!([text, number]), json!({ "x": number }), json!(null)] {
                let mut claims = json!({
                    "iss": metadata.issuer, "sub": "7", "aud": "telescope", "nonce": "n", "iat": 1, "exp": 9,
                });
                let holds = |claims: Value| {
                    serde_json::from_value::<Claims>(claims).is_ok_and(|claims| hold(&claims, &expected, 1).is_ok())
                };
                prop_assert!(holds(claims.clone()));
                let same = claims[&name] == value;
                claims[&name] = value;
                let says_who = ["iss", "aud", "nonce"].contains(&name.as_str());
                prop_assert!(same || !(says_who && holds(claims)), "{name}");
            }
        }
    }
}
