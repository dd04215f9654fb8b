//! The sandbox's Phones page: what the owners' made-up handsets receive, and what they do.

use std::net::SocketAddr;

/// The Phones page of a stack.
#[derive(Debug, Clone)]
pub struct Phones {
    address: SocketAddr,
}

impl Phones {
    /// The page at this address.
    pub fn at(address: SocketAddr) -> Self {
        Self { address }
    }

    /// Its address for people.
    pub fn url(&self) -> String {
        format!("http://{}/", self.address)
    }
}
