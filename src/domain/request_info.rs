//! Where a request came from, as far as that can be known.
//!
//! The peer of a connection may be a proxy, which passes on the client's address in `X-Forwarded-For`. Each proxy
//! appends its peer at the right end; anything to the left of what trusted proxies wrote may be forged by the client. So
//! the list is read from the right, as long as the proxy that appended the entry is trusted, and not at all if the peer
//! is not.

#[cfg(test)]
mod tests;

use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;

/// Where a request came from: for the audit log and the server's log, not for decisions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestInfo {
    /// The client's address.
    pub address: Option<IpAddr>,
    /// The request's id, as in the server's log.
    pub request: Option<String>,
}

/// A trusted network in canonical form: never an IPv4-mapped IPv6 network, and never all addresses.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Subnet(IpNet);

/// Why a text is not a network that can be trusted. The messages continue a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SubnetError {
    #[error("is not a network; write one such as 10.0.0.0/8, or an address")]
    Form,
    /// The address has host bits set.
    #[error("has address bits set beyond its prefix length")]
    Bits,
    /// It contains every address.
    #[error("contains every address, so any client could claim any address. List the proxies' own networks")]
    AllAddresses,
}

impl Subnet {
    /// Parses `10.0.0.0/8`, `fd00::/8`, or a single address.
    pub fn parse(text: &str) -> Result<Self, SubnetError> {
        let text = text.trim();
        let network: IpNet = match text.parse::<IpAddr>() {
            Ok(address) => address.into(),
            Err(_) => text.parse().map_err(|_| SubnetError::Form)?,
        };
        if network.prefix_len() == 0 {
            return Err(SubnetError::AllAddresses);
        }
        if network.addr() != network.network() {
            return Err(SubnetError::Bits);
        }
        // An IPv4-mapped network, as dual-stack sockets report addresses, becomes the IPv4 network.
        Ok(Self(match network.addr().to_canonical() {
            four @ IpAddr::V4(_) if network.addr().is_ipv6() => {
                let bits = network.prefix_len().checked_sub(96).filter(|bits| *bits > 0);
                IpNet::new(four, bits.ok_or(SubnetError::AllAddresses)?).map_err(|_| SubnetError::Form)?
            }
            _ => network,
        }))
    }

    pub fn contains(&self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }
}

impl fmt::Debug for Subnet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The client's address: the rightmost that does not belong to a trusted proxy. `forwarded` are the values of
/// `X-Forwarded-For` in order. An unreadable entry ends the search: the result is then the proxy that appended it.
pub fn client_address<'a>(
    peer: IpAddr,
    forwarded: impl DoubleEndedIterator<Item = &'a [u8]>,
    trusted: &[Subnet],
) -> IpAddr {
    let mut known = peer.to_canonical();
    let hops = forwarded.rev().flat_map(|value| value.rsplit(|byte| *byte == b','));
    for hop in hops {
        if !trusted.iter().any(|subnet| subnet.contains(known)) {
            break;
        }
        match read_hop(hop) {
            Some(address) => known = address,
            None => break,
        }
    }
    known
}

/// Parses an address with an optional port, which some proxies append.
fn read_hop(hop: &[u8]) -> Option<IpAddr> {
    let hop = std::str::from_utf8(hop).ok()?.trim();
    let bare = match hop.strip_prefix('[') {
        Some(six) => {
            let (six, port) = six.split_once(']')?;
            (port.is_empty() || port.strip_prefix(':').is_some_and(is_port)).then_some(six)?
        }
        None => match hop.split_once(':') {
            Some((four, port)) if is_port(port) && four.contains('.') => four,
            _ => hop,
        },
    };
    bare.parse::<IpAddr>().ok().map(|address| address.to_canonical())
}

fn is_port(text: &str) -> bool {
    text.parse::<u16>().is_ok()
}
