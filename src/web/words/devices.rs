//! The devices that are signed in to an account.

use crate::domain::Device;
use crate::domain::device::DeviceError;
use crate::web::pages::devices::query::{Column, Kind};
use crate::words::devices::sentence;

/// So many devices of an account are shown at once.
pub const AT_ONCE: usize = 8;

pub const NOT_READ: &str = "Telegram hasn't listed the devices yet.";
pub const READ: &str = "Devices refreshed.";
pub const ENDED: &str = "The device's session was ended.";
pub const OTHERS_ENDED: &str = "The sessions of all other devices were ended.";
pub const CONFIRMED: &str = "Device confirmed.";
pub const IDLE_SET: &str = "Saved.";

pub fn not_now() -> String {
    sentence(DeviceError::NotLoggedIn)
}

/// The columns of the list of devices across accounts.
pub const COLUMNS: [(Column, &str); 5] = [
    (Column::Device, "Device"),
    (Column::Account, "Account"),
    (Column::Place, "Place"),
    (Column::SignedIn, "Signed in"),
    (Column::LastActive, "Last active"),
];

pub const fn kind(kind: Option<Kind>) -> &'static str {
    match kind {
        None => "All",
        Some(Kind::Unconfirmed) => "Not confirmed",
        Some(Kind::Unofficial) => "Unofficial apps",
    }
}

/// App, system, place and address, as far as they are known.
pub fn description(device: &Device) -> Vec<&str> {
    let mut all = software(device);
    all.extend([device.place.as_str(), &device.address].into_iter().filter(|text| !text.is_empty()));
    all
}

/// App and system, as far as they are known. The app is left out where it is the name.
pub fn software(device: &Device) -> Vec<&str> {
    let app = Some(device.app.as_str()).filter(|_| !device.model.is_empty()).unwrap_or_default();
    [app, &device.system].into_iter().filter(|text| !text.is_empty()).collect()
}

pub fn days(days: u32) -> String {
    match days {
        1 => "a day".into(),
        days => format!("{days} days"),
    }
}

pub fn others(count: usize) -> String {
    match count {
        1 => "1 other device".into(),
        count => format!("{count} other devices"),
    }
}
