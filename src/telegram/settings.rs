//! The settings of the hub.

use crate::clock::Clock;
use crate::domain::picture::Picture;
use crate::domain::{AccountId, Devices, Secret, Snapshot};

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
    pub clock: Clock,
}

/// What is told of the accounts. All must be quick.
pub struct Observer {
    /// Called with every new snapshot of an account.
    pub snapshot: Tell<Snapshot>,
    /// Called with every new profile picture of an account; none if it has no picture any more.
    pub picture: Tell<Option<Picture>>,
    /// Called with every list of an account's devices.
    pub devices: Tell<Devices>,
}

type Tell<T> = Box<dyn Fn(AccountId, T) + Send + Sync>;
