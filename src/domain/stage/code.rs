//! Where Telegram sent a login code.

use crate::domain::Millis;

/// Where Telegram sent a code, and what comes if it does not arrive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeSent {
    /// The way it went.
    pub way: CodeDelivery,
    /// Characters in it; 0 if unknown.
    pub length: i32,
    /// The way that asking again would take.
    pub next: Option<CodeDelivery>,
    /// From when on one may ask again.
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
            | CodeDelivery::FlashCall
            | CodeDelivery::MissedCall
            | CodeDelivery::Fragment
            | CodeDelivery::Other(_) => true,
        }
    }
}

/// The ways of a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CodeDelivery {
    /// A message in Telegram, to the devices that are signed in.
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
    /// A call that is hung up; its number's digits are the code.
    FlashCall,
    /// A missed call; the last digits of its number are the code.
    MissedCall,
    /// A message on fragment.com, for anonymous numbers.
    Fragment,
    /// Another way, by TDLib's name.
    Other(String),
}
