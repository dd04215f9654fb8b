//! The settings of who may sign in, and how.

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

/// How people prove who they are, and what that makes of them.
#[derive(Clone, Debug)]
pub struct SsoSettings {
    /// How people sign in.
    pub mode: SsoMode,
    /// The signed assertions of a proxy; there whenever people sign in by them.
    pub assertion: Option<AssertionFormat>,
    /// Who is administrator at the first sight.
    pub admin_emails: BTreeSet<Email>,
    /// The domains whose addresses may sign in; every domain if there are none.
    pub email_domains: BTreeSet<EmailDomain>,
    /// What people may do with the accounts that they own.
    pub owner_privileges: AccountPrivileges,
    /// How an identity provider is reached.
    pub outbound: Outbound,
    /// The OpenID provider; there whenever people sign in through one.
    pub oidc: Option<OidcSettings>,
}

impl SsoSettings {
    /// Reads them all; `None` only together with a fault.
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
        self.email_domains.is_empty() || self.email_domains.iter().any(|domain| domain.is_of(email))
    }
}
