//! HOST: the name or address to listen on.

use std::net::{IpAddr, Ipv6Addr};

/// Parses a name or an address; the brackets of an IPv6 address in a URL are removed. The error continues a sentence
/// that begins with the setting's name.
pub(super) fn parse(text: &str) -> Result<String, String> {
    let inner = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    let host = inner.filter(|inner| is_v6(inner)).unwrap_or(text);
    let is_name = host.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'));
    match is_v6(host) || host.parse::<IpAddr>().is_ok() || is_name {
        true => Ok(host.to_owned()),
        false => {
            Err("must be one name or address, such as localhost, 0.0.0.0 or ::1; the port is PORT.".into())
        }
    }
}

/// Whether it is an IPv6 address, which may name its interface: `fe80::1%eth0`.
fn is_v6(text: &str) -> bool {
    text.split('%').next().is_some_and(|address| address.parse::<Ipv6Addr>().is_ok())
}
