//! The settings for who may sign in, and how.

use std::collections::BTreeSet;

use super::http::HttpDraft;
use super::reader::Reader;
use super::{
    AssertionFormat, OidcSettings, Outbound, SsoMode, TelegramEnvironment, assertion, oidc, outbound, people,
    values,
};
use crate::domain::access;
use crate::domain::privilege::AccountPrivileges;
use crate::domain::{Email, EmailDomain};

/// How people sign in, and which rights they have by the settings.
#[derive(Clone, Debug)]
pub struct SsoSettings {
    /// How people sign in.
    pub mode: SsoMode,
    /// The format of a proxy's signed assertions; always present in the modes that use them.
    pub assertion: Option<AssertionFormat>,
    /// People who become administrators when they sign in.
    pub admin_emails: BTreeSet<Email>,
    /// The domains whose addresses may sign in; every domain if empty.
    pub email_domains: BTreeSet<EmailDomain>,
    /// The privileges of owners on their accounts.
    pub owner_privileges: AccountPrivileges,
    /// How an identity provider is reached.
    pub outbound: Outbound,
    /// The OpenID provider; always present if people sign in through one.
    pub oidc: Option<OidcSettings>,
}

impl SsoSettings {
    /// Reads all of them. If it returns `None`, there is a fault.
    pub(super) fn read<E: Fn(&str) -> Option<String>>(
        env: &mut Reader<E>,
        telegram: TelegramEnvironment,
        http: &HttpDraft,
    ) -> Option<Self> {
        let public_url = http.public_url.as_ref();
        let owner_privileges =
            env.read("OWNER_PRIVILEGES", values::owner_privileges).unwrap_or(access::OWNER);
        let mode = people::sso_mode(env, telegram, &http.host, public_url);
        let assertion = assertion::read(env, mode, public_url);
        let (admin_emails, email_domains) = people::named(env, mode);
        let outbound = outbound::read(env, mode);
        let oidc = oidc::read(env, mode == Some(SsoMode::Oidc));
        let has_proxies = !http.trusted_proxies.is_empty();
        for note in people::notes(public_url, has_proxies, assertion.as_ref(), oidc.as_ref()) {
            env.note(note);
        }
        Some(Self { mode: mode?, assertion, admin_emails, email_domains, owner_privileges, outbound, oidc })
    }

    /// Whether addresses of this domain may sign in.
    pub fn admits(&self, email: &Email) -> bool {
        self.email_domains.is_empty() || self.email_domains.iter().any(|domain| domain.includes(email))
    }
}
