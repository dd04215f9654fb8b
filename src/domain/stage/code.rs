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
}

/// How a code is delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CodeDelivery {
    /// A Telegram message to the devices that are logged in.
    Telegram,
    /// A text message.
    Sms,
    /// A voice call.
    Call,
    /// A call that is hung up; the digits of the caller's number are the code.
    FlashCall,
    /// A missed call; the last digits of the caller's number are the code.
    MissedCall,
    /// A message on fragment.com, for anonymous numbers.
    Fragment,
    /// Another way, by TDLib's name.
    Other(String),
}
