//! The part of an account's page that lists the devices which are signed in to it.

use std::sync::Arc;

use askama::Template;

use crate::domain::privilege::{AccountPrivilege, AccountPrivileges};
use crate::domain::{Device, Devices, Millis};
use crate::live::accounts::Entry;
use crate::ops::devices;
use crate::web::paths;
use crate::web::state::State;
use crate::web::words::devices as words;
use crate::web::words::moments::{Moment, ago, moment};

#[derive(Template)]
#[template(path = "parts/account_devices.html")]
pub(in crate::web::pages) struct DeviceSection<'a> {
    entry: &'a Entry,
    /// Whether the reader may see the devices, and the account can have some.
    is_shown: bool,
    devices: Option<Arc<Devices>>,
    now: Millis,
}

impl<'a> DeviceSection<'a> {
    pub(in crate::web::pages) fn of(
        app: &State,
        may: AccountPrivileges,
        entry: &'a Entry,
        now: Millis,
    ) -> Self {
        let is_shown = may.has(AccountPrivilege::ManageSessions) && !entry.account.identifier.is_bot();
        let devices = app.live.devices.get(entry.account.id).filter(|_| is_shown);
        Self { entry, is_shown, devices, now }
    }

    /// When the section looks different although nothing has happened.
    pub(in crate::web::pages) fn changes_at(&self) -> Option<Millis> {
        self.too_fresh_until()
    }

    fn can_ask(&self) -> bool {
        devices::can_ask(self.entry)
    }

    /// Until when Telegram doesn't let Telescope end others.
    fn too_fresh_until(&self) -> Option<Millis> {
        let from = self.devices.as_ref()?.ends_others_from()?;
        (from > self.now && self.can_ask()).then_some(from)
    }

    /// The devices that Telegram asks about.
    fn unconfirmed(&self) -> Vec<&Device> {
        let all = self.devices.iter().flat_map(|devices| devices.others());
        all.filter(|device| device.is_unconfirmed && self.can_ask()).collect()
    }

    /// The devices that are shown at once, and the others, which are behind a disclosure.
    fn parts<'d>(&self, devices: &'d Devices) -> Vec<(bool, &'d [Device])> {
        let (first, rest) = devices.list.split_at(devices.list.len().min(words::AT_ONCE));
        let parts = [(false, first), (true, rest)];
        parts.into_iter().filter(|(_, part)| !part.is_empty()).collect()
    }

    fn idle_days(&self, devices: &Devices) -> String {
        words::days(devices.idle_days)
    }

    fn at(&self, at: &Millis) -> Moment {
        moment(*at)
    }

    fn ago(&self, at: &Millis) -> Moment {
        ago(*at)
    }

    fn question_url(&self, device: &Device) -> String {
        let path = paths::account_device_end(self.entry.account.id);
        paths::with_query(&path, [("device", device.id.to_string())])
    }
}
