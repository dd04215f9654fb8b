//! Why something can't be done with the devices of an account.

use super::utc;
use crate::domain::device::{DeviceError, IDLE_DAYS};

pub fn sentence(why: DeviceError) -> String {
    let rule = "Telegram lets a session end others only when it is 24 hours old";
    match why {
        DeviceError::Gone => "This device isn't signed in any more.".into(),
        DeviceError::Own => {
            "This is Telescope's own session. To end it, log the account out or remove it.".into()
        }
        DeviceError::TooFresh { from: Some(from) } => {
            format!("{rule}. Telescope's session can do it from {}.", utc(from))
        }
        DeviceError::TooFresh { from: None } => {
            format!("{rule}, and Telescope's is younger. Try again tomorrow.")
        }
        DeviceError::NotLoggedIn => {
            "The account isn't logged in at the moment, so Telegram can't be asked about its devices.".into()
        }
        DeviceError::OfBot => "A bot has no devices.".into(),
        DeviceError::IdleDays => {
            format!("Enter a number of days from {} to {}.", IDLE_DAYS.start(), IDLE_DAYS.end())
        }
    }
}
