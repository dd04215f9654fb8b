//! The devices that are signed in to an account: what Telegram calls its sessions. Telescope is one of them.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Millis;

/// The longest text of a device that is kept, in characters. Apps describe themselves, so it can be anything.
const LONGEST: usize = 120;
/// How long a session has to exist before Telegram lets it end others, in seconds.
const FRESH: i64 = 24 * 60 * 60;
/// The days without use after which Telegram can be told to end a session.
pub const IDLE_DAYS: std::ops::RangeInclusive<u32> = 1..=366;

/// Telegram's number of a session. That of Telescope is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DeviceId(pub i64);

impl fmt::Display for DeviceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for DeviceId {
    type Err = std::num::ParseIntError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

/// A device as Telegram describes it. Its texts come from the app, except for the address and the place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    pub id: DeviceId,
    /// It is Telescope.
    pub is_own: bool,
    /// Telegram asks whether it belongs to the account's owner.
    pub is_unconfirmed: bool,
    /// Its login waits for the two-step password.
    pub is_incomplete: bool,
    /// Such as `Pixel 9`.
    pub model: String,
    /// The system and its version.
    pub system: String,
    /// The app and its version.
    pub app: String,
    pub is_official: bool,
    pub address: String,
    /// Where Telegram thinks that the address is.
    pub place: String,
    pub signed_in: Millis,
    pub last_active: Millis,
}

impl Device {
    /// What people call it.
    pub fn name(&self) -> &str {
        [&self.model, &self.app].into_iter().find(|text| !text.is_empty()).map_or("Unknown device", |it| it)
    }

    /// Its name and app in one line.
    pub fn label(&self) -> String {
        if self.model.is_empty() || self.app.is_empty() {
            return self.name().to_owned();
        }
        format!("{}, {}", self.model, self.app)
    }

    /// The same device, apart from when it was last used.
    fn is_unchanged(&self, other: &Self) -> bool {
        *self == Self { last_active: self.last_active, ..other.clone() }
    }
}

/// The devices of an account at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Devices {
    /// Telescope first, then by their last use, the newest first.
    pub list: Vec<Device>,
    /// Telegram ends a session that was not used for so many days.
    pub idle_days: u32,
    /// When Telegram was asked.
    pub read_at: Millis,
}

/// What differs between two lists of the same account.
#[derive(Debug, PartialEq, Eq)]
pub struct DeviceNews<'a> {
    pub appeared: Vec<&'a Device>,
    pub gone: Vec<&'a Device>,
}

impl Devices {
    pub fn new(mut list: Vec<Device>, idle_days: u32, read_at: Millis) -> Self {
        list.sort_by_key(|device| (!device.is_own, std::cmp::Reverse(device.last_active), device.id));
        Self { list, idle_days, read_at }
    }

    pub fn get(&self, id: DeviceId) -> Option<&Device> {
        self.list.iter().find(|device| device.id == id)
    }

    /// All but Telescope.
    pub fn others(&self) -> impl Iterator<Item = &Device> {
        self.list.iter().filter(|device| !device.is_own)
    }

    /// When Telegram begins to let Telescope end other sessions.
    pub fn ends_others_from(&self) -> Option<Millis> {
        let own = self.list.iter().find(|device| device.is_own)?;
        Some(own.signed_in.plus_seconds(FRESH))
    }

    /// Which devices signed in and whose sessions ended since an earlier list.
    pub fn news_since<'a>(&'a self, before: &'a Self) -> DeviceNews<'a> {
        let is_in = |list: &Self, device: &Device| list.others().any(|it| it.id == device.id);
        DeviceNews {
            appeared: self.others().filter(|device| !is_in(before, device)).collect(),
            gone: before.others().filter(|device| !is_in(self, device)).collect(),
        }
    }

    /// Whether nothing differs but when devices were last used.
    pub fn is_unchanged_since(&self, before: &Self) -> bool {
        let same = |device: &Device| before.get(device.id).is_some_and(|it| device.is_unchanged(it));
        self.idle_days == before.idle_days
            && self.list.len() == before.list.len()
            && self.list.iter().all(same)
    }
}

/// What is asked of Telegram about an account's devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceRequest {
    /// Only the list.
    Read,
    End(DeviceId),
    /// All but Telescope.
    EndOthers,
    /// It belongs to the account's owner.
    Confirm(DeviceId),
    /// Days after which sessions that are not used end.
    SetIdleDays(u32),
}

/// Why something can't be done with a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "device", rename_all = "kebab-case")]
pub enum DeviceError {
    /// Its session has ended.
    Gone,
    /// It is Telescope.
    Own,
    /// Telescope's session is too young to end others. It can from that time on.
    TooFresh {
        from: Option<Millis>,
    },
    NotLoggedIn,
    /// The account is a bot.
    OfBot,
    /// Not a number of days that Telegram accepts.
    IdleDays,
}

/// A text of a device as it is kept: without control characters, and not too long.
pub fn tidy(text: &str) -> String {
    let kept = text.chars().filter(|letter| !letter.is_control()).take(LONGEST).collect::<String>();
    kept.trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(id: i64, last_active: i64) -> Device {
        Device {
            id: DeviceId(id),
            is_own: id == 0,
            is_unconfirmed: false,
            is_incomplete: false,
            model: "Pixel 9".into(),
            system: "Android 16".into(),
            app: "Telegram Android 11.5".into(),
            is_official: true,
            address: "203.0.113.7".into(),
            place: "Portugal".into(),
            signed_in: Millis(id),
            last_active: Millis(last_active),
        }
    }

    #[test]
    fn telescope_comes_first_and_the_others_by_their_last_use() {
        let devices = Devices::new(vec![device(1, 10), device(0, 5), device(2, 20)], 180, Millis(30));
        let order: Vec<i64> = devices.list.iter().map(|device| device.id.0).collect();
        assert_eq!(order, [0, 2, 1]);
        assert_eq!(devices.others().count(), 2);
        assert_eq!(devices.ends_others_from(), Some(Millis(24 * 60 * 60 * 1000)));
        assert_eq!(Devices::new(vec![device(1, 1)], 180, Millis(1)).ends_others_from(), None);
    }

    #[test]
    fn news_are_devices_that_came_or_went() {
        let before = Devices::new(vec![device(0, 1), device(1, 1), device(2, 1)], 180, Millis(1));
        let used = Devices::new(vec![device(0, 9), device(1, 9), device(2, 1)], 180, Millis(9));
        assert!(used.is_unchanged_since(&before));
        assert_eq!(used.news_since(&before), DeviceNews { appeared: vec![], gone: vec![] });
        let now = Devices::new(vec![device(0, 9), device(2, 1), device(3, 9)], 180, Millis(9));
        let (came, went) = (device(3, 9), device(1, 1));
        assert_eq!(now.news_since(&before), DeviceNews { appeared: vec![&came], gone: vec![&went] });
        assert!(!now.is_unchanged_since(&before));
        let other = Devices { idle_days: 30, ..used };
        assert!(!other.is_unchanged_since(&before));
        let confirmed = Device { is_unconfirmed: true, ..device(1, 1) };
        let asked = Devices::new(vec![device(0, 1), confirmed, device(2, 1)], 180, Millis(1));
        assert!(!asked.is_unchanged_since(&before));
    }

    #[test]
    fn texts_are_short_and_on_one_line() {
        assert_eq!(tidy(" Pixel\u{0}\n 9 "), "Pixel 9");
        assert_eq!(tidy(&"x".repeat(500)).len(), LONGEST);
        let unnamed = Device { model: String::new(), ..device(1, 1) };
        assert_eq!(
            (unnamed.name(), unnamed.label().as_str()),
            ("Telegram Android 11.5", "Telegram Android 11.5")
        );
        assert_eq!(device(1, 1).label(), "Pixel 9, Telegram Android 11.5");
        let nameless = Device { app: String::new(), ..unnamed };
        assert_eq!(nameless.label(), "Unknown device");
    }
}
