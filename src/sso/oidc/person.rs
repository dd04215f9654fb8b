//! The person of a verified token: the address, whether it is verified, and the groups.
//!
//! Many providers put a subject into the token and nothing else, and have the rest at another address, which the
//! access token opens. That answer is not signed, so it counts only for the subject of the token.

use serde_json::{Map, Value};

use super::{OidcError, Provider};
use crate::config::EMAIL_CLAIM;
use crate::domain::{Identity, ProviderGroups, Secret, UnknownGroups};
use crate::sso::claims;
use crate::sso::http::json;
use crate::sso::jwt::{TokenError, VerifiedToken};

/// Claims that providers put an address into, for the log of a sign-in without one.
const OTHER_EMAIL_CLAIMS: [&str; 4] = [EMAIL_CLAIM, "preferred_username", "upn", "unique_name"];

impl Provider {
    /// The person of a token that holds.
    pub(super) async fn person(
        &self,
        token: VerifiedToken,
        access: Option<&Secret>,
    ) -> Result<Identity, OidcError> {
        let VerifiedToken { subject, claims: mut about, .. } = token;
        let settings = &self.settings;
        let has_address = about.contains_key(&settings.email_claim);
        let mut groups = self.groups(&about);
        if (!has_address || groups == ProviderGroups::Missing)
            && let Some(access) = access
        {
            match self.user_info(&subject, access).await {
                Ok(more) => {
                    if groups == ProviderGroups::Missing {
                        groups = self.groups(&more);
                    }
                    // An address and whether it is verified belong together.
                    if !has_address {
                        about = more;
                    }
                }
                Err(OidcError::Unavailable) if has_address => {
                    groups = ProviderGroups::Unknown(UnknownGroups::NoAnswer);
                }
                Err(error) => return Err(error),
            }
        }
        let email =
            claims::email(&about, &settings.email_claim).map_err(|reason| self.no_email(reason, &about))?;
        let verified = claims::is_verified(&about, &settings.email_claim, settings.trust());
        Ok(Identity { issuer: settings.issuer.clone(), subject, email, verified, groups })
    }

    fn groups(&self, about: &Map<String, Value>) -> ProviderGroups {
        match &self.settings.groups_claim {
            Some(claim) => claims::groups(about, claim),
            // Roles that an earlier setting gave end with it.
            None => ProviderGroups::Listed(Vec::new()),
        }
    }

    /// The names of the claims are the settings' and ours, so nothing that the provider sent gets into the log.
    fn no_email(&self, reason: TokenError, about: &Map<String, Value>) -> OidcError {
        let claim = &self.settings.email_claim;
        let is_there = |name: &&str| *name != claim && claims::email(about, name).is_ok();
        let others: Vec<&str> = OTHER_EMAIL_CLAIMS.into_iter().filter(is_there).collect();
        tracing::warn!(
            %reason, claim, ?others,
            "the identity provider names no usable address; check OIDC_SCOPES, and OIDC_EMAIL_CLAIM if others has a claim"
        );
        OidcError::NoEmail
    }

    /// The provider's UserInfo claims about that person; none if it has no such address.
    async fn user_info(&self, subject: &str, access: &Secret) -> Result<Map<String, Value>, OidcError> {
        let known = self.discovery.known().await?;
        let Some(address) = &known.metadata.userinfo_endpoint else { return Ok(Map::new()) };
        let said = self.discovery.http.get(address, Some(access.expose())).await;
        let said = said.and_then(|body| json::<Map<String, Value>>(&body)).map_err(|problem| {
            tracing::warn!(%problem, "cannot read further claims of a person");
            OidcError::Unavailable
        })?;
        if said.get("sub").and_then(Value::as_str) != Some(subject) {
            tracing::warn!("the identity provider's answer names another subject than its token");
            return Err(OidcError::InvalidToken);
        }
        Ok(said)
    }
}
