//! The person of a verified token: the address, whether it is verified, and the groups.
//!
//! The tokens of many providers contain only the subject; other claims come from the UserInfo endpoint, with the access
//! token. That response is not signed, so it is used only if it has the same subject as the token.

use serde_json::{Map, Value};

use super::{OidcError, Provider};
use crate::domain::{Email, Identity, Secret};
use crate::sso::http::json;
use crate::sso::jwt::VerifiedToken;

/// How many groups are taken from a provider.
const MAX_GROUPS: usize = 500;

impl Provider {
    /// The person of a valid token.
    pub(super) async fn person(
        &self,
        token: VerifiedToken,
        access: Option<&Secret>,
    ) -> Result<Identity, OidcError> {
        let VerifiedToken { subject, claims: mut more, .. } = token;
        if self.is_missing_something(&more)
            && let Some(access) = access
        {
            self.add_what_else_is_known(&mut more, &subject, access).await?;
        }
        let email = more.get("email").and_then(Value::as_str).and_then(|text| Email::parse(text).ok());
        let Some(email) = email else {
            tracing::warn!("the identity provider sent no usable e-mail address; are the scopes right?");
            return Err(OidcError::NoEmail);
        };
        Ok(Identity {
            issuer: self.settings.issuer.clone(),
            subject,
            email,
            verified: self.settings.trust_email || is_verified(&more),
            groups: Some(groups(self.settings.groups_claim.as_ref().and_then(|claim| more.get(claim)))),
        })
    }

    fn is_missing_something(&self, claims: &Map<String, Value>) -> bool {
        let groups = self.settings.groups_claim.as_deref();
        ["email"].into_iter().chain(groups).any(|name| !claims.contains_key(name))
    }

    /// Adds the provider's UserInfo claims about the same person. Claims of the token take precedence.
    async fn add_what_else_is_known(
        &self,
        claims: &mut Map<String, Value>,
        subject: &str,
        access: &Secret,
    ) -> Result<(), OidcError> {
        let known = self.discovery.known().await?;
        let Some(address) = &known.metadata.userinfo_endpoint else { return Ok(()) };
        let said = self.discovery.http.get(address, Some(access.expose())).await;
        let said = said.and_then(|body| json::<Map<String, Value>>(&body));
        let mut said = said.map_err(|problem| {
            tracing::warn!(%problem, "cannot read further claims of a person");
            OidcError::Unavailable
        })?;
        if said.get("sub").and_then(Value::as_str) != Some(subject) {
            tracing::warn!("the identity provider's answer names another subject than its token");
            return Err(OidcError::InvalidToken);
        }
        // `email_verified` only counts together with the address from the same source.
        if claims.contains_key("email") {
            said.remove("email_verified");
        } else {
            claims.remove("email_verified");
        }
        for (name, value) in said {
            claims.entry(name).or_insert(value);
        }
        Ok(())
    }
}

/// Some providers send a string instead of a boolean.
fn is_verified(claims: &Map<String, Value>) -> bool {
    match claims.get("email_verified") {
        Some(Value::Bool(verified)) => *verified,
        Some(Value::String(word)) => word == "true",
        _ => false,
    }
}

/// The names in a claim: a list of strings, or one string. Providers omit the claim if there are no groups or too many;
/// without the claim a person has no groups.
fn groups(claim: Option<&Value>) -> Vec<String> {
    match claim {
        Some(Value::String(one)) => vec![one.clone()],
        Some(Value::Array(many)) => {
            many.iter().filter_map(Value::as_str).take(MAX_GROUPS).map(str::to_owned).collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_address_is_verified_only_by_true() {
        for (claim, verified) in [
            (json!({"email_verified": true}), true),
            (json!({"email_verified": "true"}), true),
            (json!({"email_verified": false}), false),
            (json!({"email_verified": "yes"}), false),
            (json!({"email_verified": 1}), false),
            (json!({"email_verified": null}), false),
            (json!({}), false),
        ] {
            assert_eq!(is_verified(claim.as_object().unwrap()), verified, "{claim}");
        }
    }

    #[test]
    fn groups_are_strings() {
        assert_eq!(groups(Some(&json!(["a", 1, "b"]))), ["a", "b"]);
        assert_eq!(groups(Some(&json!("a"))), ["a"]);
        for none in [None, Some(json!(null)), Some(json!({"a": 1})), Some(json!([]))] {
            assert!(groups(none.as_ref()).is_empty(), "{none:?}");
        }
    }
}
