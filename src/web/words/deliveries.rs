//! Where a login code was sent.

use crate::domain::direction::isolated;
use crate::domain::stage::{CodeDelivery, CodeSent};

/// Where Telegram sent the code, and what to do if it does not arrive.
pub fn sentence(sent: &CodeSent) -> String {
    let way = match &sent.way {
        CodeDelivery::Telegram => {
            "Telegram sent the code as a message to the devices that are logged in to this account."
        }
        CodeDelivery::Sms => "Telegram sent the code in a text message.",
        CodeDelivery::SmsWord { beginning } => return spelled("word", "letter", beginning),
        CodeDelivery::SmsPhrase { beginning } => return spelled("phrase", "word", beginning),
        CodeDelivery::Call => "Telegram reads the code out in a phone call.",
        CodeDelivery::FlashCall { pattern } => return flash_call(pattern),
        CodeDelivery::MissedCall { prefix } => return missed_call(prefix, sent.length),
        CodeDelivery::Fragment { .. } => {
            "Telegram sent the code to fragment.com, where this number is registered."
        }
        CodeDelivery::OfficialApp => {
            "Telegram sent the code in a way that only its official apps receive. If it can't be resent another way, log in \
             with a QR code."
        }
    };
    let length = if sent.length > 0 { format!(" It has {} digits.", sent.length) } else { String::new() };
    let next = match &sent.next {
        Some(CodeDelivery::Sms | CodeDelivery::SmsWord { .. } | CodeDelivery::SmsPhrase { .. }) => {
            " If it doesn't arrive, resend it as a text message."
        }
        Some(CodeDelivery::Call) => " If it doesn't arrive, resend it by phone call.",
        Some(
            CodeDelivery::Telegram
            | CodeDelivery::FlashCall { .. }
            | CodeDelivery::MissedCall { .. }
            | CodeDelivery::Fragment { .. }
            | CodeDelivery::OfficialApp,
        ) => " If it doesn't arrive, resend it another way.",
        None => "",
    };
    format!("{way}{length}{next} {DONT_SHARE}")
}

fn flash_call(pattern: &str) -> String {
    let number =
        if pattern.is_empty() { String::new() } else { format!(" It looks like {}.", isolated(pattern)) };
    format!("Telegram calls and hangs up. The calling number is the code.{number} {DONT_SHARE}")
}

fn missed_call(prefix: &str, length: i32) -> String {
    let number = if prefix.is_empty() { String::new() } else { format!(" from {}…", isolated(prefix)) };
    let digits = if length > 0 { format!("{length} digits") } else { "digits".into() };
    format!(
        "Telegram calls once{number} and hangs up. The last {digits} of the calling number are the code. {DONT_SHARE}"
    )
}

/// A code of letters.
fn spelled(what: &str, first: &str, beginning: &str) -> String {
    let beginning = if beginning.is_empty() {
        String::new()
    } else {
        format!(" Its first {first} is “{beginning}”.")
    };
    format!(
        "Telegram sent a {what} as the code, in a text message.{beginning} Enter it as it is written there. {DONT_SHARE}"
    )
}

/// Beside every login code.
pub const DONT_SHARE: &str =
    "Don't send the code through Telegram: Telegram cancels codes that are shared there.";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_says_where_it_went_and_what_comes_next() {
        let sent = CodeSent {
            way: CodeDelivery::Telegram,
            length: 5,
            next: Some(CodeDelivery::Sms),
            resend_from: None,
            no_other_way_until: None,
        };
        let words = sentence(&sent);
        for part in ["devices that are logged in", "5 digits", "text message"] {
            assert!(words.contains(part), "{words}");
        }
    }
}
