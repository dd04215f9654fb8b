//! What a person can ask of Telegram at a stage of a login, without entering anything.

use super::{CodeDelivery, EmailReset, Recovery, Stage};
use crate::domain::AccountKind;
use crate::domain::ids::named;

named!(
    /// A request to Telegram in a login.
    LoginAction {
        /// Send a login code, or send it again.
        SendCode = "send-code",
        /// Show a QR code, which a device that is logged in scans.
        ShowQr = "show-qr",
        /// Tell Telegram that the text message did not arrive.
        ReportMissing = "report-missing",
        /// Reset the login e-mail address.
        ResetEmail = "reset-email",
        /// Send a code to the recovery address of the two-step password.
        RecoverPassword = "recover-password",
        /// Give up this login, to begin another one.
        StartOver = "start-over",
    }
);

impl LoginAction {
    /// Whether Telegram may send a code to the number or a message to its owner, so that it is counted.
    pub const fn sends_something(self) -> bool {
        match self {
            Self::SendCode | Self::ResetEmail | Self::RecoverPassword => true,
            Self::ShowQr | Self::ReportMissing | Self::StartOver => false,
        }
    }

    /// Whether it begins to change the account's two-step password.
    pub const fn changes_password(self) -> bool {
        match self {
            Self::RecoverPassword => true,
            Self::SendCode | Self::ShowQr | Self::ReportMissing | Self::ResetEmail | Self::StartOver => false,
        }
    }
}

impl Stage {
    /// What can be asked for now, the likeliest first. TDLib accepts the phone number, and starts a login by QR code, in
    /// each stage that waits for a person, except one that waits for another device.
    pub fn actions(&self, kind: AccountKind) -> Vec<LoginAction> {
        match kind {
            AccountKind::User => self.actions_of_a_user(),
            // A token is all there is to the login of a bot.
            AccountKind::Bot => Vec::new(),
        }
    }

    fn actions_of_a_user(&self) -> Vec<LoginAction> {
        use LoginAction::{RecoverPassword, ReportMissing, ResetEmail, SendCode, ShowQr, StartOver};
        match self {
            Self::WaitCode(sent) => {
                let again = sent.no_other_way_until.is_none().then_some(SendCode);
                let missing = sent.is_text_message().then_some(ReportMissing);
                again.into_iter().chain(missing).chain([ShowQr]).collect()
            }
            // The code was right, so another one would only begin again.
            Self::WaitPassword { recovery: Recovery::Possible, .. } => vec![RecoverPassword, StartOver],
            Self::WaitPassword { recovery: Recovery::CodeSent { .. } | Recovery::Impossible, .. } => {
                vec![StartOver]
            }
            Self::WaitEmailCode {
                reset: EmailReset::Possible { .. } | EmailReset::Pending { .. }, ..
            } => {
                vec![SendCode, ResetEmail, ShowQr]
            }
            Self::SignedOut
            | Self::Ended(_)
            | Self::WaitEmailAddress
            | Self::WaitEmailCode { reset: EmailReset::Impossible, .. }
            | Self::WaitRegistration { .. }
            | Self::WaitPremium { .. } => vec![SendCode, ShowQr],
            Self::WaitOtherDevice { .. } => vec![StartOver],
            Self::Disconnected
            | Self::Starting
            | Self::Reconnecting
            | Self::Ready
            | Self::LoggingOut
            | Self::Closing
            | Self::Failed(_)
            | Self::Quarantined
            | Self::Other(_) => Vec::new(),
        }
    }

    pub fn allows(&self, action: LoginAction, kind: AccountKind) -> bool {
        self.actions(kind).contains(&action)
    }
}

impl super::CodeSent {
    const fn is_text_message(&self) -> bool {
        match self.way {
            CodeDelivery::Sms | CodeDelivery::SmsWord { .. } | CodeDelivery::SmsPhrase { .. } => true,
            CodeDelivery::Telegram
            | CodeDelivery::Call
            | CodeDelivery::FlashCall { .. }
            | CodeDelivery::MissedCall { .. }
            | CodeDelivery::Fragment { .. }
            | CodeDelivery::OfficialApp => false,
        }
    }
}
