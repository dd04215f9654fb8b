//! Authenticating a person again who is signed in: the parameters `prompt`, `max_age` and `acr_values`, and the claims
//! `auth_time` and `acr` of OpenID Connect Core 1.0 (3.1.2.1 and 2).
//!
//! A provider may ignore what it is asked for, and the browser can change the question on its way, so only the claims of
//! the signed answer count. A provider that was asked for `max_age` has to send `auth_time`.

use serde_json::{Map, Value};
use url::Url;

use super::{Answer, OidcError, PendingAuthorization, PendingConfirmation, Provider};
use crate::config::MAX_SKEW;
use crate::domain::Millis;
use crate::sso::jwt::{self, TokenError};

/// Who signed in at the provider, and when.
#[derive(Debug)]
pub struct Reauthenticated {
    pub issuer: String,
    pub subject: String,
    /// Not before the person was sent there.
    pub at: Millis,
}

impl Provider {
    /// The URL of the provider for signing in again, and the values to keep in the browser. `hint` is the address of the
    /// person, for the provider's form.
    pub async fn begin_confirmation(
        &self,
        next: String,
        hint: &str,
        confirms: PendingConfirmation,
    ) -> Result<(Url, PendingAuthorization), OidcError> {
        let known = self.discovery.known().await?;
        let attempt = PendingAuthorization { confirms: Some(confirms), ..self.attempt(next)? };
        let mut url = self.authorization_url(&known, &attempt);
        url.query_pairs_mut()
            .append_pair("prompt", "login")
            .append_pair("max_age", "0")
            .append_pair("login_hint", hint);
        if !self.settings.step_up_acr.is_empty() {
            url.query_pairs_mut().append_pair("acr_values", &self.settings.step_up_acr.join(" "));
        }
        Ok((url, attempt))
    }

    /// Who has signed in again. The attempt ends here, whether it succeeds or not.
    pub async fn finish_confirmation(
        &self,
        attempt: &PendingAuthorization,
        answer: &Answer,
    ) -> Result<Reauthenticated, OidcError> {
        let sent = attempt.confirms.as_ref().map(|confirms| Millis(confirms.sent)).ok_or(OidcError::Stale)?;
        let (token, _) = self.answered(attempt, answer).await?;
        let now = self.clock.now();
        let at = recent(&token.claims, sent, now).map_err(|reason| {
            tracing::warn!(%reason, "the identity provider does not say that a person has just signed in there");
            OidcError::NotRecent
        })?;
        if !is_accepted(&token.claims, &self.settings.step_up_acr) {
            tracing::warn!(
                "a person signed in at the identity provider by another method than OIDC_STEP_UP_ACR demands"
            );
            return Err(OidcError::Method);
        }
        Ok(Reauthenticated { issuer: self.settings.issuer.clone(), subject: token.subject, at })
    }
}

/// When the person signed in, which has to be after they were sent. Clocks may differ.
fn recent(claims: &Map<String, Value>, sent: Millis, now: Millis) -> Result<Millis, TokenError> {
    let at = jwt::time(claims, "auth_time")?.ok_or(TokenError::Time("auth_time"))?;
    if at.plus_seconds(MAX_SKEW) < whole_seconds(sent) {
        return Err(TokenError::Expired);
    }
    if at > now.plus_seconds(MAX_SKEW) {
        return Err(TokenError::Future);
    }
    Ok(at.max(sent).min(now))
}

/// The claim has no fractions of a second.
const fn whole_seconds(at: Millis) -> Millis {
    Millis(at.0 - at.0.rem_euclid(1000))
}

/// Whether the person signed in by one of the methods in the settings, if there are any.
fn is_accepted(claims: &Map<String, Value>, accepted: &[String]) -> bool {
    accepted.is_empty()
        || jwt::text(claims, "acr").is_some_and(|acr| accepted.iter().any(|accepted| accepted == acr))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_person_signed_in_after_they_were_sent() {
        let (sent, now) = (Millis(1_000_700), Millis(1_100_000));
        for (auth_time, at) in [
            (json!(1050), Ok(Millis(1_050_000))),
            (json!(1000), Ok(sent)),
            (json!(940), Ok(sent)),
            (json!(939), Err(TokenError::Expired)),
            (json!(0), Err(TokenError::Expired)),
            (json!(1160), Ok(now)),
            (json!(1161), Err(TokenError::Future)),
            (json!(null), Err(TokenError::Time("auth_time"))),
            (json!("1050"), Err(TokenError::Time("auth_time"))),
            (json!(1050.5), Err(TokenError::Time("auth_time"))),
            (json!(-1), Err(TokenError::Time("auth_time"))),
            (json!(u64::MAX), Err(TokenError::Time("auth_time"))),
        ] {
            let claims = json!({ "auth_time": auth_time, "iat": 1100 });
            assert_eq!(recent(claims.as_object().unwrap(), sent, now), at, "{auth_time}");
        }
        let without = json!({ "iat": 1100 });
        assert_eq!(recent(without.as_object().unwrap(), sent, now), Err(TokenError::Time("auth_time")));
    }

    #[test]
    fn one_of_the_methods_has_to_be_named() {
        let accepted = ["gold".to_owned(), "silver".to_owned()];
        for (claims, is_right) in [
            (json!({"acr": "gold"}), true),
            (json!({"acr": "silver"}), true),
            (json!({"acr": "Gold"}), false),
            (json!({"acr": "gold silver"}), false),
            (json!({"acr": ["gold"]}), false),
            (json!({"acr": ""}), false),
            (json!({}), false),
        ] {
            assert_eq!(is_accepted(claims.as_object().unwrap(), &accepted), is_right, "{claims}");
            assert!(is_accepted(claims.as_object().unwrap(), &[]), "none is demanded");
        }
    }
}
