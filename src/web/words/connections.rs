//! An account's connection to Telegram.

use crate::domain::Network;

/// The choices of the list's filter: names in the address, and labels.
pub const CHOICES: [(&str, &str); 3] =
    [("in-touch", "Connected"), ("trouble", "Connection problems"), ("off", "Offline")];

/// The name among [`CHOICES`].
pub const fn choice(network: Network) -> &'static str {
    match network {
        Network::Ready => "in-touch",
        Network::Off => "off",
        Network::Waiting | Network::ConnectingToProxy | Network::Connecting | Network::Updating => "trouble",
    }
}

pub const fn label(network: Network) -> &'static str {
    match network {
        Network::Off => "Offline",
        Network::Waiting => "Waiting for network",
        Network::ConnectingToProxy => "Connecting to proxy…",
        Network::Connecting => "Connecting…",
        Network::Updating => "Syncing…",
        Network::Ready => "Connected",
    }
}
