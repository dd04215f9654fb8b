//! The devices that are signed in to an account.

use crate::domain::Device;

/// Beyond so many devices their list is scrolled on its own.
pub const MANY: usize = 8;

pub const NOT_NOW: &str = "The account isn't logged in at the moment, so Telegram can't be asked about its devices.";
pub const NOT_READ: &str = "Telegram hasn't listed the devices yet.";
pub const READ: &str = "Devices refreshed.";
pub const ENDED: &str = "The device's session was ended.";
pub const OTHERS_ENDED: &str = "The sessions of all other devices were ended.";
pub const CONFIRMED: &str = "Device confirmed.";
pub const IDLE_SET: &str = "Saved.";

/// App, system, place and address, as far as they are known. The app is left out where it is the name.
pub fn description(device: &Device) -> Vec<&str> {
    let app = Some(device.app.as_str()).filter(|_| !device.model.is_empty()).unwrap_or_default();
    let all = [app, &device.system, &device.place, &device.address];
    all.into_iter().filter(|text| !text.is_empty()).collect()
}

pub fn days(days: u32) -> String {
    match days {
        1 => "a day".into(),
        days => format!("{days} days"),
    }
}

/// How many sessions an action ends.
pub fn others(count: usize) -> String {
    match count {
        1 => "1 other device".into(),
        count => format!("{count} other devices"),
    }
}
