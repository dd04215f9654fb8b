//! HOST: the name or address to listen on.

use std::net::{IpAddr, Ipv6Addr};

/// Reads a name or an address; the brackets that an address of IPv6 has in a URL are taken off. The error is the rest of
/// a sentence that begins with the setting's name.
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

/// Whether it is an address of IPv6, which may name its interface: `fe80::1%eth0`.
fn is_v6(text: &str) -> bool {
    text.split('%').next().is_some_and(|address| address.parse::<Ipv6Addr>().is_ok())
}
