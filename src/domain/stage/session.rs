//! What a stage says about the session at Telegram.

use super::Stage;
use crate::domain::SessionEndReason;

impl Stage {
    /// Whether there is a session, or a login in progress, that logging out would end.
    pub const fn can_log_out(&self) -> bool {
        match self {
            Self::WaitCode(_)
            | Self::WaitPassword { .. }
            | Self::WaitEmailAddress
            | Self::WaitEmailCode { .. }
            | Self::WaitOtherDevice { .. }
            | Self::WaitRegistration { .. }
            | Self::WaitPremium { .. }
            | Self::Ready => true,
            Self::Disconnected
            | Self::Starting
            | Self::Reconnecting
            | Self::SignedOut
            | Self::Ended(_)
            | Self::LoggingOut
            | Self::Closing
            | Self::Failed(_)
            | Self::Quarantined
            | Self::Other(_) => false,
        }
    }

    /// Whether Telegram may have a session of this account, or had one that did not end here.
    pub const fn may_have_session(&self) -> bool {
        match self {
            // A login that was given up here has left nothing behind at Telegram.
            Self::Ended(SessionEndReason::LoggedOut) => false,
            Self::Ready | Self::LoggingOut | Self::Ended(_) => true,
            Self::Disconnected
            | Self::Starting
            | Self::Reconnecting
            | Self::SignedOut
            | Self::WaitCode(_)
            | Self::WaitPassword { .. }
            | Self::WaitEmailAddress
            | Self::WaitEmailCode { .. }
            | Self::WaitOtherDevice { .. }
            | Self::WaitRegistration { .. }
            | Self::WaitPremium { .. }
            | Self::Closing
            | Self::Failed(_)
            | Self::Quarantined
            | Self::Other(_) => false,
        }
    }
}
