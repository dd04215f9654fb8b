//! The settings for OpenID Connect.

use url::Url;

use super::public_url::is_loopback_name;
use super::reader::{Reader, yes_or_no};
use super::{EMAIL_CLAIM, EmailTrust};
use crate::domain::Secret;

/// What Telescope needs to sign people in with an OpenID provider.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OidcSettings {
    /// The provider's issuer identifier, compared exactly: a URL, below which its metadata is found.
    pub issuer: String,
    /// Telescope's client id at the provider.
    pub client_id: String,
    pub client_secret: Secret,
    /// The requested scopes, separated by spaces; includes `openid`.
    pub scopes: String,
    /// The claim that holds the e-mail address.
    pub email_claim: String,
    /// The claim that holds the names of a person's groups, or the path to it.
    pub groups_claim: Option<String>,
    /// Whether every address from the provider counts as verified, even if the provider does not say so.
    pub trust_email: bool,
    /// The authentication context classes (`acr`) of which one is needed to confirm an identity, the preferred first.
    pub step_up_acr: Vec<String>,
}

impl OidcSettings {
    /// What an address needs in order to count as the person's.
    pub const fn trust(&self) -> EmailTrust {
        if self.trust_email { EmailTrust::Settings } else { EmailTrust::Claims }
    }
}

/// Reads all of them. `None` if one is missing or invalid; missing ones are a fault only if `needed`.
pub(super) fn read<E: Fn(&str) -> Option<String>>(env: &mut Reader<E>, needed: bool) -> Option<OidcSettings> {
    if needed {
        for name in ["OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET"] {
            if env.text(name).is_none() {
                env.fault(format!("{name} is missing; SSO_MODE=oidc needs it."));
            }
        }
    }
    let issuer = env.read("OIDC_ISSUER", issuer);
    let client_id = env.text("OIDC_CLIENT_ID");
    let client_secret = env.text("OIDC_CLIENT_SECRET").map(Secret::new);
    let scopes = env.read("OIDC_SCOPES", scopes);
    let email_claim = env.text("OIDC_EMAIL_CLAIM").unwrap_or_else(|| EMAIL_CLAIM.into());
    let groups_claim = env.text("OIDC_GROUPS_CLAIM");
    let trust_email = env.read("OIDC_TRUST_EMAIL", yes_or_no);
    let step_up_acr = env.text("OIDC_STEP_UP_ACR").unwrap_or_default();
    Some(OidcSettings {
        issuer: issuer?,
        client_id: client_id?,
        client_secret: client_secret?,
        scopes: scopes.unwrap_or_else(|| "openid email profile".into()),
        email_claim,
        groups_claim,
        trust_email: trust_email.unwrap_or(false),
        step_up_acr: step_up_acr.split_whitespace().map(str::to_owned).collect(),
    })
}

/// An https URL, or http on this machine, without query or fragment.
fn issuer(text: &str) -> Result<String, String> {
    let form = || "is not a web address; it looks like https://login.example.org/company.".to_owned();
    let url = Url::parse(text).map_err(|_| form())?;
    let host = url.host_str().ok_or_else(form)?;
    if !(url.scheme() == "https" || url.scheme() == "http" && is_loopback_name(host)) {
        return Err("must begin with https:// (or http:// on this machine).".into());
    }
    let bare = url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    match bare {
        true => Ok(text.to_owned()),
        false => Err("must hold no user name, no password, no ? and no #.".into()),
    }
}

fn scopes(text: &str) -> Result<String, String> {
    let words: Vec<&str> = text.split_whitespace().collect();
    match words.contains(&"openid") {
        true => Ok(words.join(" ")),
        false => Err("must have the word openid in it.".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_is_kept_unchanged() {
        for right in ["https://login.example.org", "https://a.example.org/realms/x/", "http://127.0.0.1:9000"]
        {
            assert_eq!(issuer(right).as_deref(), Ok(right));
        }
        for wrong in [
            "",
            "login.example.org",
            "http://login.example.org",
            "ftp://login.example.org",
            "https://ada:x@login.example.org",
            "https://login.example.org/?tenant=1",
            "https://login.example.org/#x",
        ] {
            assert!(issuer(wrong).unwrap_err().ends_with('.'), "{wrong}");
        }
    }

    #[test]
    fn scopes_must_include_openid() {
        assert_eq!(scopes("openid  email"), Ok("openid email".into()));
        assert!(scopes("email profile").unwrap_err().contains("openid"));
    }
}
