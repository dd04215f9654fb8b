//! The address at which people reach Telescope. Cookies, links, redirects and the accepted `Host` depend on it.

use std::fmt;
use std::net::IpAddr;

use url::{Host, Url};

use super::reader::Reader;

/// An origin: scheme, host and port. `http` is allowed on loopback only.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicUrl {
    origin: String,
    authority: String,
    host: String,
    https: bool,
    loopback: bool,
}

impl PublicUrl {
    /// Parses an address; the error continues a sentence that begins with the setting's name.
    pub fn parse(text: &str) -> Result<Self, String> {
        let url = Url::parse(text.trim())
            .map_err(|_| "is not a web address; it looks like https://telescope.example.org.".to_owned())?;
        let https = match url.scheme() {
            "https" => true,
            "http" => false,
            _ => return Err("must begin with https:// (or http:// on this machine).".into()),
        };
        if !url.username().is_empty() || url.password().is_some() {
            return Err("must not hold a user name or password.".into());
        }
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return Err(
                "must end after the host and port: Telescope has to have an address of its own.".into()
            );
        }
        let Some(host) = url.host() else {
            return Err("names no host.".into());
        };
        let loopback = is_loopback_host(&host);
        if !https && !loopback {
            return Err("must begin with https://: http:// is for localhost only, since cookies would go over the network in the open.".into());
        }
        let authority = match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_string(),
        };
        Ok(Self {
            origin: format!("{}://{authority}", url.scheme()),
            host: host.to_string(),
            authority,
            https,
            loopback,
        })
    }

    /// Scheme, host and port, as browsers send it in `Origin`, without a slash at the end.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Host and port, as browsers send it in `Host`, without the scheme's default port.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// The host alone; an IPv6 address has brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Whether browsers use https.
    pub fn is_https(&self) -> bool {
        self.https
    }

    /// Whether the address is on this machine.
    pub fn is_loopback(&self) -> bool {
        self.loopback
    }
}

impl fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin)
    }
}

impl fmt::Debug for PublicUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin)
    }
}

fn is_loopback_host(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost",
        Host::Ipv4(ip) => ip.is_loopback(),
        Host::Ipv6(ip) => ip.is_loopback(),
    }
}

/// Whether a host to listen on can be reached only from this machine.
pub fn is_loopback_name(name: &str) -> bool {
    let bare = name.trim_start_matches('[').trim_end_matches(']');
    bare.eq_ignore_ascii_case("localhost") || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// PUBLIC_URL, or the address made of HOST and PORT.
pub(super) fn read<E: Fn(&str) -> Option<String>>(
    env: &mut Reader<E>,
    host: &str,
    port: u16,
) -> Option<PublicUrl> {
    if env.text("PUBLIC_URL").is_some() {
        return env.read("PUBLIC_URL", PublicUrl::parse);
    }
    let bracketed =
        if host.contains(':') && !host.starts_with('[') { format!("[{host}]") } else { host.to_owned() };
    match PublicUrl::parse(&format!("http://{bracketed}:{port}")) {
        Ok(url) => Some(url),
        Err(_) => {
            env.fault(format!(
                "PUBLIC_URL is missing: HOST is {host}, and people reach that by an https:// address."
            ));
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_an_origin() {
        for (text, origin, authority, https, loopback) in [
            ("http://localhost:8888", "http://localhost:8888", "localhost:8888", false, true),
            ("http://127.0.0.1:80/", "http://127.0.0.1", "127.0.0.1", false, true),
            ("http://[::1]:8888", "http://[::1]:8888", "[::1]:8888", false, true),
            ("https://T.Example.org", "https://t.example.org", "t.example.org", true, false),
            ("https://t.example.org:443", "https://t.example.org", "t.example.org", true, false),
            ("https://t.example.org:8443/", "https://t.example.org:8443", "t.example.org:8443", true, false),
        ] {
            let url = PublicUrl::parse(text).unwrap();
            assert_eq!(
                (url.origin(), url.authority(), url.is_https(), url.is_loopback()),
                (origin, authority, https, loopback),
                "{text}"
            );
        }
    }

    #[test]
    fn unsafe_addresses_are_refused() {
        for text in [
            "",
            "localhost:8888",
            "t.example.org",
            "ftp://t.example.org",
            "http://t.example.org",
            "http://localhost.example.org",
            "http://0.0.0.0:8888",
            "https://t.example.org/telescope",
            "https://t.example.org/?x",
            "https://t.example.org/#x",
            "https://ada:b@t.example.org",
            "https://",
        ] {
            assert!(PublicUrl::parse(text).unwrap_err().ends_with('.'), "{text}");
        }
    }

    #[test]
    fn loopback_names_are_recognised() {
        for (name, loopback) in [
            ("localhost", true),
            ("LOCALHOST", true),
            ("127.0.0.1", true),
            ("127.9.9.9", true),
            ("::1", true),
            ("[::1]", true),
            ("0.0.0.0", false),
            ("::", false),
            ("10.0.0.1", false),
            ("localhost.example.org", false),
        ] {
            assert_eq!(is_loopback_name(name), loopback, "{name}");
        }
    }
}
