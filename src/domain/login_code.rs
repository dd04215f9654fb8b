//! Finding the login code in a message from Telegram's own account (777000).
//!
//! The words differ by language, so they are not looked at; the shape is. A login code is a run of five or
//! six digits, alone, near the start of the text. The code for my.telegram.org ("web login code") has letters
//! in it and is far more dangerous, since it opens the developer's console: it is never taken for one.

use super::Millis;

/// How far into the text a code may start, in characters.
const NEAR_THE_START: usize = 60;

/// The code in the text, with its leading zeros, if there is exactly one candidate near the start.
pub fn find(text: &str) -> Option<&str> {
    let window_end = text.char_indices().nth(NEAR_THE_START).map_or(text.len(), |(at, _)| at);
    let mut found = None;
    let mut rest = 0;
    while let Some((start, word)) = next_word(text, rest) {
        rest = start + word.len();
        if start >= window_end {
            break;
        }
        let is_code = matches!(word.len(), 5 | 6) && word.bytes().all(|b| b.is_ascii_digit());
        if is_code && found.replace(word).is_some() {
            return None;
        }
    }
    found
}

/// Seconds for which Telegram takes a code.
pub const LIFE: i64 = 5 * 60;

/// Whether a code that was sent then is of no use any more.
pub const fn is_stale(sent: Millis, now: Millis) -> bool {
    now.seconds_since(sent) > LIFE
}

/// The next run of letters, digits and the characters that join them into one word.
fn next_word(text: &str, from: usize) -> Option<(usize, &str)> {
    let in_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '+' | '/' | '@' | '#');
    let tail = text.get(from..)?;
    let start = from + tail.find(in_word)?;
    let tail = text.get(start..)?;
    let length = tail.find(|c: char| !in_word(c)).unwrap_or(tail.len());
    Some((start, tail.get(..length)?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{find, is_stale};
    use crate::domain::Millis;

    proptest! {
        #[test]
        fn any_text_has_no_code_or_five_or_six_digits_of_its_own(
            text in prop_oneof!["\\PC{0,200}", "[0-9a-z .:é-]{0,80}"],
        ) {
            if let Some(code) = find(&text) {
                prop_assert!(matches!(code.len(), 5 | 6) && code.bytes().all(|b| b.is_ascii_digit()), "{code}");
                let around = text.split(code).collect::<Vec<_>>();
                prop_assert!(around.len() >= 2, "it stands in the text");
            }
        }
    }

    #[test]
    fn a_code_lives_five_minutes() {
        let sent = Millis(1_000_000);
        for (seconds, stale) in [(-5, false), (0, false), (300, false), (301, true), (86_400, true)] {
            assert_eq!(is_stale(sent, sent.plus_seconds(seconds)), stale, "{seconds} s");
        }
    }

    #[test]
    fn codes_in_many_languages() {
        for (text, code) in [
            ("Login code: 01234. Do not give this code to anyone.", "01234"),
            ("Код для входа: 54321. Никому не давайте код", "54321"),
            ("Dein Anmeldecode: 123456. Gib ihn niemandem", "123456"),
            ("登录代码：98765。请勿", "98765"),
            ("00000", "00000"),
        ] {
            assert_eq!(find(text), Some(code), "{text}");
        }
    }

    #[test]
    fn what_is_no_login_code() {
        for text in [
            "",
            "Web login code. Dear Ada, we received a request … This is your login code:\naB3dE-5fG12",
            "New login. Dear Ada, we detected a login into your account from a new device on 21/11/2026 at 10:15:00 UTC.",
            "Login code: 1234.",
            "Login code: 1234567.",
            "Call +12345 now",
            "Your codes are 12345 and 54321",
            "A12345 is a ticket",
            "This text goes on for quite a while before it comes to anything at all, and then: 12345",
        ] {
            assert_eq!(find(text), None, "{text}");
        }
    }
}
