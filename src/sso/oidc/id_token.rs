//! The additional requirements for ID tokens: issued to this client for this sign-in (OpenID Connect Core 1.0, 3.1.3.7).

use jsonwebtoken::Algorithm;
use serde_json::{Map, Value};

use super::metadata::Metadata;
use crate::config::{Audience, ClaimSource, MAX_SKEW};
use crate::domain::Millis;
use crate::sso::jwks::Key;
use crate::sso::jwt::{Expected, TokenError, UnverifiedToken, VerifiedToken, text};

/// Never `none` or an algorithm with a shared secret, whatever the provider offers.
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

/// The requirements for the ID tokens of one client at one provider.
pub(super) struct IdTokens<'a> {
    algorithms: Vec<Algorithm>,
    issuer: &'a str,
    client: &'a str,
    audience: Audience,
}

impl<'a> IdTokens<'a> {
    pub(super) fn new(metadata: &'a Metadata, client: &'a str) -> Self {
        let offered = &metadata.id_token_signing_alg_values_supported;
        let is_offered = |it: &Algorithm| offered.is_empty() || offered.contains(&format!("{it:?}"));
        Self {
            algorithms: ALGORITHMS.into_iter().filter(is_offered).collect(),
            issuer: &metadata.issuer,
            client,
            audience: Audience::Claim(vec![client.to_owned()]),
        }
    }

    pub(super) fn read<'t>(&self, token: &'t str) -> Result<UnverifiedToken<'t>, TokenError> {
        UnverifiedToken::read(token, &self.expected())
    }

    pub(super) fn verify(
        &self,
        token: &UnverifiedToken<'_>,
        nonce: &str,
        key: &Key,
        now: Millis,
    ) -> Result<VerifiedToken, TokenError> {
        let verified = token.verify(&self.expected(), key, now)?;
        self.check(&verified.claims, nonce)?;
        Ok(verified)
    }

    fn expected(&self) -> Expected<'_> {
        Expected {
            algorithms: &self.algorithms,
            issuer: self.issuer,
            audience: &self.audience,
            source: ClaimSource::Claims,
            skew: MAX_SKEW,
        }
    }

    fn check(&self, claims: &Map<String, Value>, nonce: &str) -> Result<(), TokenError> {
        if !claims.contains_key("iat") {
            return Err(TokenError::Time("iat"));
        }
        if text(claims, "nonce") != Some(nonce) {
            return Err(TokenError::Nonce);
        }
        let has_others = match claims.get("aud") {
            Some(Value::Array(all)) => all.iter().any(|audience| audience != self.client),
            _ => false,
        };
        match claims.get("azp") {
            // A token for several audiences must say which of them it was issued to.
            None | Some(Value::Null) if has_others => Err(TokenError::AuthorizedParty),
            None | Some(Value::Null) => Ok(()),
            Some(party) if party == self.client => Ok(()),
            Some(_) => Err(TokenError::AuthorizedParty),
        }
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::sso::jwt;

    fn metadata() -> Metadata {
        let at = "https://login.example.org/";
        let said = json!({
            "issuer": at, "authorization_endpoint": at, "token_endpoint": at, "jwks_uri": at,
        });
        serde_json::from_value(said).unwrap()
    }

    fn verifies(tokens: &IdTokens<'_>, claims: &Value) -> bool {
        let Value::Object(claims) = claims else { return false };
        jwt::check(&Map::new(), claims.clone(), &tokens.expected(), Millis(1000))
            .is_ok_and(|verified| tokens.check(&verified.claims, "n").is_ok())
    }

    fn claims() -> Value {
        json!({
            "iss": "https://login.example.org/", "sub": "7", "aud": "telescope", "nonce": "n", "iat": 1, "exp": 9,
        })
    }

    #[test]
    fn only_offered_algorithms_count_and_never_a_shared_secret() {
        let mut metadata = metadata();
        assert_eq!(IdTokens::new(&metadata, "telescope").algorithms, ALGORITHMS);
        metadata.id_token_signing_alg_values_supported =
            ["HS256", "none", "ES256"].map(str::to_owned).to_vec();
        assert_eq!(IdTokens::new(&metadata, "telescope").algorithms, [Algorithm::ES256]);
    }

    #[test]
    fn the_token_is_for_this_client_and_this_sign_in() {
        let metadata = metadata();
        let tokens = IdTokens::new(&metadata, "telescope");
        for (changed, is_valid) in [
            (json!({}), true),
            (json!({"aud": ["telescope"]}), true),
            (json!({"aud": ["telescope", "other"]}), false),
            (json!({"aud": ["telescope", "other"], "azp": "telescope"}), true),
            (json!({"aud": ["telescope", 7], "azp": "telescope"}), false),
            (json!({"aud": ["other"]}), false),
            (json!({"azp": "other"}), false),
            (json!({"azp": 7}), false),
            (json!({"azp": "telescope"}), true),
            (json!({"nonce": "other"}), false),
            (json!({"nonce": null}), false),
            (json!({"sub": ""}), false),
            (json!({"sub": "s".repeat(256)}), false),
            (json!({"iat": 62}), false),
            (json!({"iat": 61}), true),
            (json!({"iat": 1.5}), false),
            (json!({"exp": "9"}), false),
            (json!({"nbf": 62}), false),
        ] {
            let mut claims = claims();
            claims.as_object_mut().unwrap().extend(changed.as_object().unwrap().clone());
            assert_eq!(verifies(&tokens, &claims), is_valid, "{changed}");
        }
        for needed in ["iss", "sub", "aud", "nonce", "iat", "exp"] {
            let mut claims = claims();
            claims.as_object_mut().unwrap().remove(needed);
            assert!(!verifies(&tokens, &claims), "{needed}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_refused_or_has_an_accepted_algorithm(
            text in "\\PC{0,200}",
            head in proptest::collection::vec(any::<u8>(), 0..60),
            alg in "(none|None|HS256|HS512|RS256|ES256|EdDSA|[A-Za-z0-9]{0,6})",
        ) {
            let metadata = metadata();
            let tokens = IdTokens::new(&metadata, "telescope");
            prop_assert!(tokens.read(&text).is_err());
            let header = json!({ "alg": alg, "kid": text }).to_string();
            for part in [head.as_slice(), header.as_bytes()] {
                let token = format!("{}.e30.AA", URL_SAFE_NO_PAD.encode(part));
                if let Ok(token) = tokens.read(&token) {
                    prop_assert!(ALGORITHMS.contains(&token.algorithm()) && !alg.starts_with("HS"));
                }
            }
        }

        #[test]
        fn any_claims_are_checked_without_a_panic(
            name in "(iss|sub|aud|azp|nonce|iat|exp|email)",
            number in any::<f64>(),
            text in "\\PC{0,40}",
        ) {
            let metadata = metadata();
            let tokens = IdTokens::new(&metadata, "telescope");
            for value in [json!(number), json!(text), json!([text, number]), json!({ "x": number }), json!(null)] {
                let mut claims = claims();
                prop_assert!(verifies(&tokens, &claims));
                let same = claims[&name] == value;
                claims[&name] = value;
                let says_who = ["iss", "aud", "nonce"].contains(&name.as_str());
                prop_assert!(same || !(says_who && verifies(&tokens, &claims)), "{name}");
            }
        }
    }
}
