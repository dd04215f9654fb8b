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

/// Where a request came from: for the audit trail and the log, not for any decision.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestInfo {
    /// The client's address.
    pub address: Option<IpAddr>,
    /// The request's id, which the log has, too.
    pub request: Option<String>,
}

/// A network: the addresses that begin with the same bits.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Subnet {
    base: IpAddr,
    bits: u32,
}

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
        let (address, bits) =
            text.split_once('/').map_or((text, None), |(address, bits)| (address, Some(bits)));
        let base: IpAddr = address.parse().map_err(|_| SubnetError::Form)?;
        let width = width(base);
        let bits = match bits {
            None => width,
            Some(bits) if bits.len() <= 3 && bits.bytes().all(|byte| byte.is_ascii_digit()) => {
                bits.parse().ok().filter(|bits| *bits <= width).ok_or(SubnetError::Form)?
            }
            Some(_) => return Err(SubnetError::Form),
        };
        if bits == 0 {
            return Err(SubnetError::Everybody);
        }
        if number(base) & !mask(base, bits) != 0 {
            return Err(SubnetError::Bits);
        }
        // The same network, as a dual-stack socket would write it.
        Ok(match base.to_canonical() {
            four @ IpAddr::V4(_) if base.is_ipv6() => {
                let bits = bits.checked_sub(96).filter(|bits| *bits > 0).ok_or(SubnetError::Everybody)?;
                Self { base: four, bits }
            }
            _ => Self { base, bits },
        })
    }

    /// Whether an address is in it.
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_ipv4() == self.base.is_ipv4()
            && number(address) & mask(self.base, self.bits) == number(self.base)
    }
}

impl fmt::Debug for Subnet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.base, self.bits)
    }
}

const fn width(address: IpAddr) -> u32 {
    if address.is_ipv4() { 32 } else { 128 }
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(four) => u128::from(u32::from(four)),
        IpAddr::V6(six) => u128::from(six),
    }
}

/// The bits that count, in the place where [`number`] has them.
fn mask(address: IpAddr, bits: u32) -> u128 {
    let width = width(address);
    let all = u128::MAX >> (128 - width);
    all & !all.checked_shr(bits).unwrap_or(0)
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
