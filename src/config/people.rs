//! Who may sign in, how, and who is an administrator from the start.

use std::collections::BTreeSet;

use super::reader::Reader;
use super::{
    AssertionFormat, EMAIL_CLAIM, EmailTrust, OidcSettings, PublicUrl, SsoMode, TelegramEnvironment,
    is_loopback_name,
};
use crate::domain::{Email, EmailDomain};

/// SSO_MODE. Modes without authentication need a server that is reachable only locally; `mock` also needs test accounts.
pub(super) fn sso_mode<E: Fn(&str) -> Option<String>>(
    env: &mut Reader<E>,
    telegram: TelegramEnvironment,
    host: &str,
    public_url: Option<&PublicUrl>,
) -> Option<SsoMode> {
    if env.text("SSO_MODE").is_none() {
        env.fault(format!("SSO_MODE is missing; it is {}.", SsoMode::WORDS));
    }
    let mode = env.read("SSO_MODE", SsoMode::parse)?;
    let consequence = match mode {
        SsoMode::Mock => "SSO_MODE=mock lets anyone sign in as anyone",
        SsoMode::Disable => "SSO_MODE=disable makes everyone the administrator",
        SsoMode::Cloudflare | SsoMode::Jwt | SsoMode::Oidc => return Some(mode),
    };
    if mode.is_disabled() {
        env.note(
            "SSO_MODE is disable: everyone who reaches this server from this machine is the administrator.",
        );
    }
    for (fits, what) in [
        (!mode.is_mock() || telegram.is_test(), "TELEGRAM_ENVIRONMENT=test"),
        (is_loopback_name(host), "HOST=localhost"),
        (public_url.is_none_or(PublicUrl::is_loopback), "a PUBLIC_URL on localhost"),
    ] {
        if !fits {
            env.fault(format!("{consequence}, so it needs {what}."));
        }
    }
    Some(mode)
}

/// ADMIN_EMAILS and SSO_EMAIL_DOMAINS. An administrator whose domain is not allowed could never sign in, so that is a
/// fault.
pub(super) fn named<E: Fn(&str) -> Option<String>>(
    env: &mut Reader<E>,
    mode: Option<SsoMode>,
) -> (BTreeSet<Email>, BTreeSet<EmailDomain>) {
    let admins = env.read("ADMIN_EMAILS", emails).unwrap_or_default();
    let domains = env.read("SSO_EMAIL_DOMAINS", domains).unwrap_or_default();
    if mode == Some(SsoMode::Disable) && admins.len() != 1 {
        env.fault(
            "ADMIN_EMAILS has to name exactly one person: with SSO_MODE=disable everyone is that administrator.",
        );
    }
    let is_listed = |email: &Email| domains.iter().any(|domain| domain.includes(email));
    for admin in admins.iter().filter(|admin| !domains.is_empty() && !is_listed(admin)) {
        env.fault(format!("ADMIN_EMAILS has {admin}, whose domain is not in SSO_EMAIL_DOMAINS."));
    }
    (admins, domains)
}

/// Remarks on sign-on for the log: settings with which everyone seems to come from one place, or no one can sign in.
pub(super) fn notes(
    public_url: Option<&PublicUrl>,
    has_proxies: bool,
    assertion: Option<&AssertionFormat>,
    oidc: Option<&OidcSettings>,
) -> Vec<String> {
    let mut notes = Vec::new();
    if !has_proxies && public_url.is_some_and(|url| url.is_https() && !url.is_loopback()) {
        notes.push(
            "TRUSTED_PROXIES is empty, but PUBLIC_URL is https, so a proxy is in front: limits and the audit log see its \
             address instead of the clients'."
                .into(),
        );
    }
    let of_assertion = assertion.map(|it| (it.email_claim.as_str(), it.trust, "JWT"));
    let of_provider = oidc.map(|it| (it.email_claim.as_str(), it.trust(), "OIDC"));
    for (claim, trust, mode) in of_assertion.into_iter().chain(of_provider) {
        if claim != EMAIL_CLAIM && trust != EmailTrust::Settings {
            notes.push(format!(
                "{mode}_EMAIL_CLAIM is {claim}, and only addresses in the claim {EMAIL_CLAIM} can be verified: no new \
                 person can sign in unless {mode}_TRUST_EMAIL is yes."
            ));
        }
    }
    notes
}

fn emails(text: &str) -> Result<BTreeSet<Email>, String> {
    text.split(',')
        .filter(|part| !part.trim().is_empty())
        .map(|part| {
            Email::parse(part)
                .map_err(|_| format!("has something that is no e-mail address: {}.", part.trim()))
        })
        .collect()
}

/// The allowed domains. A list of only commas is a fault: it would allow every domain.
pub(super) fn domains(text: &str) -> Result<BTreeSet<EmailDomain>, String> {
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    let domains: BTreeSet<EmailDomain> = parts
        .map(|part| {
            EmailDomain::parse(part)
                .ok_or_else(|| format!("has {part}, which is no domain; it looks like example.org."))
        })
        .collect::<Result<_, _>>()?;
    if domains.is_empty() {
        Err("names nothing; leave it empty to let every domain in.".into())
    } else {
        Ok(domains)
    }
}

#[cfg(test)]
mod tests;
