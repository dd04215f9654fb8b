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
}

/// The ways of a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CodeDelivery {
    /// A message in Telegram, to the devices that are signed in.
    Telegram,
    /// A text message.
    Sms,
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
