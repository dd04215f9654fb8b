//! Apps as they describe themselves, and where they connect from.

use serde::{Deserialize, Serialize};

/// An app as it describes itself when it connects.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct App {
    pub api_id: i32,
    /// Such as `PC 64bit`.
    pub device_model: String,
    pub system_version: String,
    pub app_version: String,
}

/// Where a device connects from, as Telegram shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    pub ip: String,
    pub country: String,
    pub region: String,
}

impl Default for Place {
    fn default() -> Self {
        Self { ip: "127.0.0.1".to_owned(), country: "Sandbox".to_owned(), region: String::new() }
    }
}

/// The api ids of Telegram's own apps, and what Telegram calls them and their platforms.
const OFFICIAL: [(i32, &str, &str); 5] = [
    (4, "Telegram Android", "Android"),
    (8, "Telegram iOS", "iOS"),
    (2040, "Telegram Desktop", "Windows"),
    (2496, "Telegram Web", "Web"),
    (2834, "Telegram macOS", "macOS"),
];

impl App {
    /// Its name and platform, if it is one of Telegram's own.
    pub(crate) fn official(&self) -> Option<(&'static str, &'static str)> {
        OFFICIAL
            .iter()
            .find(|(api_id, ..)| *api_id == self.api_id)
            .map(|(_, name, platform)| (*name, *platform))
    }

    pub(crate) fn name(&self) -> String {
        self.official().map_or_else(|| format!("App {}", self.api_id), |(name, _)| name.to_owned())
    }
}

pub(crate) fn simulated_app(model: &str) -> App {
    App {
        api_id: 1,
        device_model: model.to_owned(),
        system_version: "Sandbox".to_owned(),
        app_version: "1".to_owned(),
    }
}
