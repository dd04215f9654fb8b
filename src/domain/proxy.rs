//! Proxies for the connections to Telegram, and which of them an account uses.

mod choice;
mod fault;

use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

pub use choice::{
    ChosenBy, Decided, Egress, ProxyChoice, ProxyChoices, ProxyPlan, ProxyScope, ProxySelection,
};
pub use fault::{ProxyFault, ProxyTestFault};

use super::{ProxyId, Secret};

super::ids::named!(
    /// What a proxy speaks.
    ProxyKind {
        Socks5 = "socks5",
        /// Connections with the method CONNECT.
        Http = "http",
        /// Telegram's own kind.
        Mtproto = "mtproto",
    }
);

/// The longest user name and password of a SOCKS5 proxy, in bytes. TDLib refuses longer ones when it connects.
const MAX_SOCKS5_LOGIN: usize = 127;
/// The same of an HTTP proxy.
const MAX_HTTP_LOGIN: usize = 255;
/// The bytes of the key in the secret of an MTProto proxy.
const KEY: usize = 16;
/// The longest domain in such a secret that TDLib accepts, in bytes.
const MAX_SECRET_DOMAIN: usize = 182;

/// How a proxy is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProxyConfig {
    pub kind: ProxyKind,
    /// An IP address or a host name. TDLib is only given addresses: it would resolve names by public servers.
    pub host: String,
    pub port: u16,
    /// Empty if none is needed.
    pub username: String,
    /// The password, or the secret of an MTProto proxy; empty if none is needed.
    pub secret: Secret,
}

/// A stored proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownProxy {
    pub id: ProxyId,
    pub name: String,
    pub is_default: bool,
    /// Grows with each change.
    pub version: i64,
    /// None if it can't be opened with the keys in the settings.
    pub config: Option<ProxyConfig>,
}

impl ProxyConfig {
    /// Checks what was entered.
    pub fn parse(
        kind: ProxyKind,
        (host, port): (&str, &str),
        username: &str,
        secret: &Secret,
    ) -> Result<Self, ProxyFault> {
        let host = parse_host(host.trim()).ok_or(ProxyFault::HostForm)?;
        let port = port.trim().parse().ok().filter(|port| *port != 0).ok_or(ProxyFault::PortForm)?;
        let (username, secret) = match kind {
            ProxyKind::Mtproto => (String::new(), parse_secret(secret)?),
            ProxyKind::Socks5 => {
                check_login(username, secret, MAX_SOCKS5_LOGIN)?;
                (username.to_owned(), secret.clone())
            }
            ProxyKind::Http => {
                check_login(username, secret, MAX_HTTP_LOGIN)?;
                (username.to_owned(), secret.clone())
            }
        };
        Ok(Self { kind, host, port, username, secret })
    }

    /// The address as it is shown.
    pub fn address(&self) -> String {
        match self.host.contains(':') {
            true => format!("[{}]:{}", self.host, self.port),
            false => format!("{}:{}", self.host, self.port),
        }
    }
}

/// An IP address, also in brackets, or a host name.
fn parse_host(text: &str) -> Option<String> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    if let Ok(ip) = bare.parse::<IpAddr>() {
        return Some(ip.to_string());
    }
    let label = |label: &str| {
        let inner = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
        inner && !label.is_empty() && label.len() <= 63 && !label.starts_with('-') && !label.ends_with('-')
    };
    // What ends with digits only would be read as an address of IPv4 by some programs.
    let last = text.rsplit('.').next().unwrap_or_default();
    let is_name =
        text.len() <= 253 && text.split('.').all(label) && !last.bytes().all(|b| b.is_ascii_digit());
    is_name.then(|| text.to_ascii_lowercase())
}

fn check_login(username: &str, password: &Secret, max: usize) -> Result<(), ProxyFault> {
    let password = password.expose();
    if username.len() > max || password.len() > max {
        return Err(ProxyFault::LoginLength { max });
    }
    if username.chars().chain(password.chars()).any(char::is_control) || username.contains(':') {
        return Err(ProxyFault::LoginCharacter);
    }
    if username.is_empty() && !password.is_empty() {
        return Err(ProxyFault::UsernameMissing);
    }
    Ok(())
}

/// The secret of an MTProto proxy in hexadecimal digits, as TDLib expects it. Links have it in base64, too.
fn parse_secret(secret: &Secret) -> Result<Secret, ProxyFault> {
    let text = secret.expose().trim();
    if text.is_empty() {
        return Err(ProxyFault::SecretMissing);
    }
    let bytes = hex::decode(text).or_else(|_| URL_SAFE_NO_PAD.decode(text.trim_end_matches('=')));
    let bytes = bytes.map_err(|_| ProxyFault::SecretForm)?;
    // The key alone, or with a mark for padded packets, or with one for packets that look like TLS and a domain.
    let fits = match (bytes.first(), bytes.len().saturating_sub(KEY + 1)) {
        (Some(0xdd), 0) if bytes.len() == KEY + 1 => true,
        (Some(0xee), 1..=MAX_SECRET_DOMAIN) => true,
        (Some(_) | None, _) => bytes.len() == KEY,
    };
    if fits { Ok(Secret::new(hex::encode(bytes))) } else { Err(ProxyFault::SecretForm) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(
        kind: ProxyKind,
        host: &str,
        port: &str,
        username: &str,
        secret: &str,
    ) -> Result<String, ProxyFault> {
        let config = ProxyConfig::parse(kind, (host, port), username, &Secret::new(secret))?;
        assert!(!format!("{config:?}").contains("hunter2"));
        Ok(format!("{} {} {}", config.address(), config.username, config.secret.expose()))
    }

    #[test]
    fn addresses_and_logins_are_checked() {
        use ProxyKind::{Http, Socks5};
        let ok = |host, shown: &str| assert_eq!(parsed(Socks5, host, "1080", "", ""), Ok(shown.to_owned()));
        ok("10.0.0.1", "10.0.0.1:1080  ");
        ok("[2001:db8::1]", "[2001:db8::1]:1080  ");
        ok(" Proxy.Example.org ", "proxy.example.org:1080  ");
        for host in
            ["", "a b", "http://a", "a..b", "-a.example", "10.0.0.256", "1", "a/b", "a:1", "пример.example"]
        {
            assert_eq!(parsed(Socks5, host, "1080", "", ""), Err(ProxyFault::HostForm), "{host}");
        }
        for port in ["", "0", "65536", "x", "-1"] {
            assert_eq!(parsed(Socks5, "a.example", port, "", ""), Err(ProxyFault::PortForm), "{port}");
        }
        assert_eq!(parsed(Http, "a.example", "1", "ada", "hunter2"), Ok("a.example:1 ada hunter2".into()));
        assert_eq!(parsed(Http, "a.example", "1", "", "hunter2"), Err(ProxyFault::UsernameMissing));
        assert_eq!(parsed(Http, "a.example", "1", "a:b", "x"), Err(ProxyFault::LoginCharacter));
        assert_eq!(parsed(Http, "a.example", "1", "a", "x\r\ny"), Err(ProxyFault::LoginCharacter));
        let long = "a".repeat(128);
        assert_eq!(parsed(Socks5, "a", "1", &long, ""), Err(ProxyFault::LoginLength { max: 127 }));
        assert_eq!(parsed(Socks5, "a", "1", "a", &long), Err(ProxyFault::LoginLength { max: 127 }));
        assert_eq!(parsed(Http, "a", "1", "b", &long), Ok(format!("a:1 b {long}")));
        assert_eq!(parsed(Http, "a", "1", &"a".repeat(256), ""), Err(ProxyFault::LoginLength { max: 255 }));
    }

    #[test]
    fn secrets_of_mtproto_proxies_are_hexadecimal_or_base64() {
        let key = "00112233445566778899aabbccddeeff";
        let ok = |secret: &str, stored: &str| {
            let parsed = parsed(ProxyKind::Mtproto, "a.example", "443", "ada", secret);
            assert_eq!(parsed, Ok(format!("a.example:443  {stored}")), "{secret}");
        };
        ok(key, key);
        ok("ABEiM0RVZneImaq7zN3u_w==", key);
        ok(&format!("dd{key}"), &format!("dd{key}"));
        ok(&format!("ee{key}612e6578616d706c65"), &format!("ee{key}612e6578616d706c65"));
        let domain = |bytes: usize| format!("ee{key}{}", "61".repeat(bytes));
        ok(&domain(182), &domain(182));
        for (secret, fault) in [
            ("", ProxyFault::SecretMissing),
            (&domain(183), ProxyFault::SecretForm),
            ("0011", ProxyFault::SecretForm),
            ("hunter2!", ProxyFault::SecretForm),
            (&format!("aa{key}"), ProxyFault::SecretForm),
            (&format!("ee{key}"), ProxyFault::SecretForm),
        ] {
            assert_eq!(parsed(ProxyKind::Mtproto, "a.example", "443", "", secret), Err(fault), "{secret}");
        }
    }
}
