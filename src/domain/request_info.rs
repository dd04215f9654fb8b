//! Where a request came from, as far as that can be known.
//!
//! The peer of a connection may be a proxy, which says in `X-Forwarded-For` whom it speaks for. Each proxy adds its
//! peer at the right end; what stands to the left of what one's own proxies wrote is whatever the client liked to
//! send. So the list is read from the right, as long as those who wrote it are trusted, and not at all if the peer
//! is not.

#[cfg(test)]
mod tests;

use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;

/// Where a request came from: for the audit trail and the log, not for any decision.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestInfo {
    /// The client's address.
    pub address: Option<IpAddr>,
    /// The request's id, which the log has, too.
    pub request: Option<String>,
}

/// A network that is trusted, in canonical form: never an IPv4 network as IPv6 writes it, never all addresses.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Subnet(IpNet);

/// Why a text is no network that may be trusted; the rest of a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SubnetError {
    /// It is no network.
    #[error("is no network; write one as 10.0.0.0/8, or an address")]
    Form,
    /// The address has bits beyond the network's.
    #[error("has more bits in its address than it says that count")]
    Bits,
    /// It is everybody.
    #[error("is everybody: then anybody could claim any address. Name the proxies' own networks")]
    Everybody,
}

impl Subnet {
    /// Reads `10.0.0.0/8`, `fd00::/8`, or an address alone.
    pub fn parse(text: &str) -> Result<Self, SubnetError> {
        let text = text.trim();
        let network: IpNet = match text.parse::<IpAddr>() {
            Ok(address) => address.into(),
            Err(_) => text.parse().map_err(|_| SubnetError::Form)?,
        };
        if network.prefix_len() == 0 {
            return Err(SubnetError::Everybody);
        }
        if network.addr() != network.network() {
            return Err(SubnetError::Bits);
        }
        // The same network, as a dual-stack socket would write it.
        Ok(Self(match network.addr().to_canonical() {
            four @ IpAddr::V4(_) if network.addr().is_ipv6() => {
                let bits = network.prefix_len().checked_sub(96).filter(|bits| *bits > 0);
                IpNet::new(four, bits.ok_or(SubnetError::Everybody)?).map_err(|_| SubnetError::Form)?
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

/// The client's address: the rightmost that no trusted proxy has. `forwarded` are the values of `X-Forwarded-For`
/// in their order. A hop that can't be read ends the search: then it is the proxy that wrote it who is known.
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

/// An address; some proxies write its port after it.
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
