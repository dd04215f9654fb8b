//! How Telegram delivered a login code.

use crate::domain::Millis;

/// How Telegram delivered a code, and what happens if it does not arrive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeSent {
    pub way: CodeDelivery,
    /// The number of characters; 0 if unknown.
    pub length: i32,
    /// How a resent code would be delivered.
    pub next: Option<CodeDelivery>,
    /// When a code can be resent.
    pub resend_from: Option<Millis>,
    /// Telegram has no other way to send a code to this number until about then.
    pub no_other_way_until: Option<Millis>,
}

impl CodeSent {
    /// Whether it consists of digits, as far as is known.
    pub const fn is_digits(&self) -> bool {
        match self.way {
            CodeDelivery::SmsWord { .. } | CodeDelivery::SmsPhrase { .. } => false,
            CodeDelivery::Telegram
            | CodeDelivery::Sms
            | CodeDelivery::Call
            | CodeDelivery::FlashCall { .. }
            | CodeDelivery::MissedCall { .. }
            | CodeDelivery::Fragment { .. }
            | CodeDelivery::OfficialApp => true,
        }
    }
}

/// How a code is delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CodeDelivery {
    /// A Telegram message to the devices that are logged in.
    Telegram,
    /// A text message.
    Sms,
    /// A text message with a word as the code.
    SmsWord {
        /// How it begins; may be empty.
        beginning: String,
    },
    /// A text message with several words as the code.
    SmsPhrase {
        /// The first word; may be empty.
        beginning: String,
    },
    /// A voice call.
    Call,
    /// A call that is hung up; the digits of the caller's number are the code.
    FlashCall {
        /// What the caller's number looks like, with `*` for what differs; may be empty.
        pattern: String,
    },
    /// A missed call; the last digits of the caller's number are the code.
    MissedCall {
        /// How the caller's number begins; may be empty.
        prefix: String,
    },
    /// A message on fragment.com, for anonymous numbers.
    Fragment {
        /// Its page; only an https address on fragment.com, otherwise empty.
        url: String,
    },
    /// A message that only Telegram's official apps can receive.
    OfficialApp,
}
