//! How identity providers are reached: through which proxy, and which authorities are trusted.

use std::fmt;

use reqwest::NoProxy;

use super::reader::Reader;
use super::{Authorities, SsoMode};

/// What a client for identity providers needs to know.
#[derive(Clone, Debug, Default)]
pub struct Outbound {
    /// Authorities that are trusted beside the system's.
    pub authorities: Option<Authorities>,
    /// None to connect directly.
    pub proxy: Option<OutboundProxy>,
}

/// A proxy for https requests, and the hosts that are reached without it.
#[derive(Clone)]
pub struct OutboundProxy(reqwest::Proxy);

impl OutboundProxy {
    /// Parses `http://[USER:PASSWORD@]HOST:PORT`, and a list of exceptions in curl's form. The error continues a
    /// sentence that begins with the setting's name.
    pub fn parse(text: &str, exceptions: Option<&str>) -> Result<Self, String> {
        let form = || "is not used: it has to look like http://proxy.example.org:3128.".to_owned();
        let text = if text.contains("://") { text.to_owned() } else { format!("http://{text}") };
        if !(text.starts_with("http://") || text.starts_with("https://")) {
            return Err(form());
        }
        let proxy = reqwest::Proxy::https(text).map_err(|_| form())?;
        Ok(Self(proxy.no_proxy(exceptions.and_then(NoProxy::from_string))))
    }

    pub fn get(&self) -> reqwest::Proxy {
        self.0.clone()
    }
}

/// It may have a password.
impl fmt::Debug for OutboundProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[proxy]")
    }
}

/// The environment variables from which other programs take their proxy. They are often set for all programs of a
/// machine, so one that is not used is a note and not a fault.
pub(super) fn read<E: Fn(&str) -> Option<String>>(env: &mut Reader<E>, mode: Option<SsoMode>) -> Outbound {
    let needed = matches!(mode, Some(SsoMode::Oidc | SsoMode::Cloudflare | SsoMode::Jwt));
    let authorities = env.read("SSO_CA_FILE", |file| Authorities::read(file.as_ref()));
    let [https, all, http, exceptions] =
        ["HTTPS_PROXY", "ALL_PROXY", "HTTP_PROXY", "NO_PROXY"].map(|name| env.text(name));
    let named = https.map(|text| ("HTTPS_PROXY", text)).or_else(|| all.map(|text| ("ALL_PROXY", text)));
    let proxy = match named {
        Some((name, _)) if !needed => {
            env.note(format!("{name} is not used: with this SSO_MODE no identity provider is asked."));
            None
        }
        Some((name, text)) => match OutboundProxy::parse(&text, exceptions.as_deref()) {
            Ok(proxy) => {
                env.note(format!(
                    "{name} is used for the identity provider only; connections to Telegram go through TELEGRAM_PROXY."
                ));
                Some(proxy)
            }
            Err(fault) => {
                env.note(format!("{name} {fault}"));
                None
            }
        },
        None if http.is_some() => {
            env.note("HTTP_PROXY is not used: identity providers are asked by https; set HTTPS_PROXY.");
            None
        }
        None => None,
    };
    Outbound { authorities, proxy }
}

#[cfg(test)]
mod tests {
    use super::super::tests::config;
    use super::*;

    #[test]
    fn a_proxy_is_an_address_and_its_password_does_not_print() {
        for text in ["http://proxy:3128", "proxy.example.org:3128", "http://ada:hunter2@10.0.0.1:3128/"] {
            let proxy = OutboundProxy::parse(text, Some("localhost,.example.org,10.0.0.0/8")).unwrap();
            assert!(!format!("{proxy:?}").contains("hunter2"));
        }
        for text in ["socks5://127.0.0.1:1080", "http://", "ftp://proxy:21"] {
            assert!(OutboundProxy::parse(text, None).unwrap_err().starts_with("is not used"), "{text}");
        }
    }

    #[test]
    fn a_variable_that_is_not_used_is_told() {
        let oidc = [
            ("SSO_MODE", "oidc"),
            ("OIDC_ISSUER", "https://l.example.org"),
            ("OIDC_CLIENT_ID", "t"),
            ("OIDC_CLIENT_SECRET", "s"),
        ];
        for (mode, name, value, used, note) in [
            (&oidc[..], "HTTPS_PROXY", "http://proxy:3128", true, "identity provider only"),
            (&oidc[..], "ALL_PROXY", "http://proxy:3128", true, "identity provider only"),
            (&oidc[..], "HTTPS_PROXY", "socks5://proxy:1080", false, "is not used"),
            (&oidc[..], "HTTP_PROXY", "http://proxy:3128", false, "set HTTPS_PROXY"),
            (&[], "HTTPS_PROXY", "http://proxy:3128", false, "no identity provider is asked"),
        ] {
            let config = config(&[mode, &[(name, value)]].concat()).unwrap();
            assert_eq!(config.sso.outbound.proxy.is_some(), used, "{name}={value}");
            assert!(
                config.notes.iter().any(|it| it.starts_with(name) && it.contains(note)),
                "{:?}",
                config.notes
            );
        }
    }
}
