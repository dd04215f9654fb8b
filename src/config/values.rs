//! Types for settings with a fixed set of values, and other small values.

use std::fmt;
use std::net::SocketAddr;

use url::{Host, Url};

use crate::domain::privilege::{AccountPrivilege, AccountPrivileges};
use crate::domain::{Secret, Subnet};

/// Telegram's production or test environment. The sandbox counts as the test environment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TelegramEnvironment {
    /// The real Telegram.
    Production,
    Test,
}

impl TelegramEnvironment {
    /// The name in settings, the database and folders.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Production => "production",
            Self::Test => "test",
        }
    }

    pub const fn is_test(self) -> bool {
        matches!(self, Self::Test)
    }

    pub fn parse(text: &str) -> Result<Self, String> {
        match text {
            "production" => Ok(Self::Production),
            "test" => Ok(Self::Test),
            _ => Err("must be production or test.".into()),
        }
    }
}

/// How people authenticate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SsoMode {
    /// No authentication: people sign in with any address. For trying Telescope out locally.
    Mock,
    /// An OpenID provider authenticates people.
    Oidc,
    /// No sign-in: every request is made as the one administrator. For a developer's machine.
    Disable,
    /// Cloudflare Access in front of Telescope signs each user's identity.
    Cloudflare,
    /// Another proxy signs it.
    Jwt,
}

impl SsoMode {
    /// The names of all modes, as part of a sentence.
    pub const WORDS: &'static str = "oidc, cloudflare or jwt, or on one's own machine disable or mock";

    /// Whether people sign in with any address, without authentication.
    pub const fn is_mock(self) -> bool {
        matches!(self, Self::Mock)
    }

    /// Whether people sign in with an OpenID provider.
    pub const fn is_oidc(self) -> bool {
        matches!(self, Self::Oidc)
    }

    /// Whether every request is made as the administrator.
    pub const fn is_disabled(self) -> bool {
        matches!(self, Self::Disable)
    }

    /// Whether each request carries its user's identity, so that there is no sign-in page.
    pub const fn is_by_request(self) -> bool {
        match self {
            Self::Cloudflare | Self::Jwt | Self::Disable => true,
            Self::Mock | Self::Oidc => false,
        }
    }

    pub fn parse(text: &str) -> Result<Self, String> {
        match text {
            "mock" => Ok(Self::Mock),
            "oidc" => Ok(Self::Oidc),
            "disable" => Ok(Self::Disable),
            "cloudflare" => Ok(Self::Cloudflare),
            "jwt" => Ok(Self::Jwt),
            "google" | "aws" | "azure" | "pomerium" => Err(format!(
                "is {text}; write SSO_MODE=jwt, and JWT_PRESET=google-iap, aws-alb, azure or pomerium."
            )),
            _ => Err(format!("must be {}.", Self::WORDS)),
        }
    }
}

/// A SOCKS5 proxy for TDLib.
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    /// Its IP address and port; never a name, so that no DNS lookup is needed.
    pub address: SocketAddr,
    /// User name and password, if it requires them.
    pub login: Option<(String, Secret)>,
}

impl Proxy {
    /// Parses `socks5://[user:password@]ADDRESS:PORT`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let form = || "must look like socks5://[USER:PASSWORD@]ADDRESS:PORT.".to_owned();
        let url = Url::parse(text).map_err(|_| form())?;
        let bare = matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none();
        if url.scheme() != "socks5" || !bare {
            return Err(form());
        }
        // For an unknown scheme the URL parser treats the host as a name, even if it is an IPv4 address.
        let ip = match url.host() {
            Some(Host::Ipv6(ip)) => ip.into(),
            Some(Host::Ipv4(ip)) => ip.into(),
            Some(Host::Domain(name)) => name
                .parse()
                .map_err(|_| "must name the proxy by its IP address, not by a name.".to_owned())?,
            None => return Err(form()),
        };
        let address = SocketAddr::new(ip, url.port().filter(|port| *port != 0).ok_or_else(form)?);
        let login = match (url.username(), url.password()) {
            ("", None) => None,
            (user, password) => Some((decoded(user)?, Secret::new(decoded(password.unwrap_or_default())?))),
        };
        Ok(Self { address, login })
    }
}

/// Decodes percent-encoded user names and passwords.
pub(super) fn decoded(text: &str) -> Result<String, String> {
    url::form_urlencoded::parse(format!("x={}", text.replace('+', "%2B").replace('&', "%26")).as_bytes())
        .next()
        .map(|(_, value)| value.into_owned())
        .filter(|value| !value.contains('\u{fffd}'))
        .ok_or_else(|| "has a user name or password that is not text.".to_owned())
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let login = if self.login.is_some() { "[secret]@" } else { "" };
        write!(f, "socks5://{login}{}", self.address)
    }
}

/// OWNER_PRIVILEGES: names separated by commas, or the word none.
pub fn owner_privileges(text: &str) -> Result<AccountPrivileges, String> {
    if text.trim() == "none" {
        return Ok(AccountPrivileges::NONE);
    }
    let mut set = AccountPrivileges::NONE;
    for name in text.split(',').map(str::trim).filter(|name| !name.is_empty()) {
        let known = AccountPrivilege::from_name(name).ok_or_else(|| {
            let names: Vec<_> = AccountPrivilege::ALL.iter().map(|privilege| privilege.name()).collect();
            format!(
                "names {name:?}, which is no privilege. There are {}; none gives nothing.",
                names.join(", ")
            )
        })?;
        set = set.union(AccountPrivileges::of(&[known]));
    }
    if !set.has(AccountPrivilege::View) {
        return Err("lacks view, and without that nothing else counts.".into());
    }
    Ok(set)
}

pub(super) fn subnets(text: &str) -> Result<Vec<Subnet>, String> {
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    parts.map(|part| Subnet::parse(part).map_err(|fault| format!("has {part}, which {fault}."))).collect()
}

pub(super) fn log_filter(text: &str) -> Result<String, String> {
    match tracing_subscriber::EnvFilter::try_new(text) {
        Ok(_) => Ok(text.to_owned()),
        Err(_) => Err("is no filter; write info, or telescope=debug,info.".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_an_ip_address_and_a_port() {
        let plain = Proxy::parse("socks5://127.0.0.1:1080").unwrap();
        assert_eq!((plain.address.to_string().as_str(), plain.login), ("127.0.0.1:1080", None));
        let six = Proxy::parse("socks5://[::1]:1080").unwrap();
        assert_eq!(six.address.to_string(), "[::1]:1080");
        let proxy = Proxy::parse("socks5://ada:a%40b+c&d@10.0.0.1:9").unwrap();
        assert_eq!(proxy.login, Some(("ada".into(), Secret::new("a@b+c&d"))));
        assert_eq!(format!("{proxy:?}"), "socks5://[secret]@10.0.0.1:9");
    }

    #[test]
    fn other_proxies_are_refused() {
        for text in [
            "",
            "127.0.0.1:1080",
            "http://127.0.0.1:1080",
            "socks5://proxy.example.org:1080",
            "socks5://127.0.0.1",
            "socks5://127.0.0.1:0",
            "socks5://127.0.0.1:99999",
            "socks5://127.0.0.1:1/x",
            "socks5://:1080",
            "socks5://a:%ff@127.0.0.1:1080",
        ] {
            assert!(Proxy::parse(text).unwrap_err().ends_with('.'), "{text}");
        }
    }

    #[test]
    fn unknown_modes_are_refused_with_the_known_ones() {
        assert_eq!(SsoMode::parse("mock"), Ok(SsoMode::Mock));
        assert_eq!(SsoMode::parse("oidc"), Ok(SsoMode::Oidc));
        assert_eq!(SsoMode::parse("cloudflare"), Ok(SsoMode::Cloudflare));
        assert!(SsoMode::parse("google").unwrap_err().contains("google-iap"));
        assert!(SsoMode::parse("saml").unwrap_err().contains("cloudflare"));
        assert!(SsoMode::parse("").is_err());
    }

    #[test]
    fn owner_privileges_are_parsed() {
        let set = AccountPrivileges::of(&[AccountPrivilege::View, AccountPrivilege::Login]);
        assert_eq!(owner_privileges("view, login"), Ok(set));
        assert_eq!(owner_privileges("none"), Ok(AccountPrivileges::NONE));
        for (text, fault) in [("login", "lacks view"), ("view,fly", "no privilege"), (",", "lacks view")] {
            assert!(owner_privileges(text).unwrap_err().contains(fault), "{text}");
        }
    }
}
