//! What the hub has to know of the installation.

use crate::clock::Clock;
use crate::domain::{AccountId, Secret, Snapshot};

#[derive(Debug, Clone)]
pub struct HubSettings {
    /// How many clients may be starting at once.
    pub starts_at_once: usize,
    /// Telegram's test environment instead of the real one.
    pub test_environment: bool,
    /// From my.telegram.org.
    pub api_id: i32,
    /// From my.telegram.org.
    pub api_hash: Secret,
    /// The proxy for every connection to Telegram.
    pub proxy: Option<Proxy>,
    pub clock: Clock,
}

/// A SOCKS5 proxy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proxy {
    /// An IP address: TDLib would ask public servers for the address of a name.
    pub address: std::net::SocketAddr,
    /// User name and password, if it requires them.
    pub login: Option<(String, Secret)>,
}

/// Called with every new snapshot of an account. Must be quick.
pub type Observer = Box<dyn Fn(AccountId, Snapshot) + Send + Sync>;
