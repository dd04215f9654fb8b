//! Secrets and devices in audit events, as parts of sentences.

use crate::domain::reveal::RevealKind;
use crate::domain::{Email, NewDevice};
use crate::words::quoted;

pub(super) fn approval(approved_by: Option<&Email>) -> String {
    approved_by.map(|person| format!(", approved by {person}")).unwrap_or_default()
}

/// What a person requests approval for.
pub(super) const fn use_of(kind: RevealKind) -> &'static str {
    match kind {
        RevealKind::LoginCode => "view a login code",
        RevealKind::TwoStepPassword => "view the stored two-step password",
        RevealKind::DeviceLogin => "log a device in",
    }
}

pub(super) fn device(new: Option<&NewDevice>) -> String {
    new.map_or_else(|| "a device".into(), |new| format!("the device {}", quoted(&new.device)))
}
