//! Login codes: finding them in messages from Telegram's own account (777000), and reading what people type.
//!
//! The words of a message differ by language, so its shape decides. A login code is a run of five or six digits in the
//! first sentence, after a colon or at the end of the sentence: "Login code: 01234. Do not give this code to anyone".
//! Notices about logins also come from 777000 and have names, dates and times in them; their first sentence is a title
//! without digits. The code for my.telegram.org ("web login code") has letters and opens the developer's console, which
//! is far more dangerous: it is never taken for a login code.

use super::Millis;
use super::typed::{ascii_digit, is_dash, is_invisible};

/// How far into the text a code may start, in characters.
const NEAR_THE_START: usize = 60;

/// The code in the text, with its leading zeros, if there is exactly one in the first sentence.
pub fn find(text: &str) -> Option<&str> {
    let window_end = text.char_indices().nth(NEAR_THE_START).map_or(text.len(), |(at, _)| at);
    let sentence_end = first_sentence(text);
    let mut found = None;
    let mut rest = 0;
    while let Some((start, word)) = next_word(text, rest) {
        rest = start + word.len();
        if start >= window_end || start >= sentence_end {
            break;
        }
        let is_code = matches!(word.len(), 5 | 6) && word.bytes().all(|b| b.is_ascii_digit());
        if is_code && found.replace((start, word)).is_some() {
            return None;
        }
    }
    let (start, word) = found?;
    let before = text.get(..start)?.trim_end_matches(is_filler);
    let after = text.get(start + word.len()..)?.trim_start_matches(is_invisible);
    let follows_colon = before.ends_with([':', '\u{ff1a}', '\u{589}']);
    let ends_sentence = after.is_empty() || after.starts_with(is_sentence_end);
    let stands_in_a_list = after.starts_with([',', '\u{ff0c}', '\u{3001}', '\u{60c}']);
    ((follows_colon && !stands_in_a_list) || (ends_sentence && !has_time(text))).then_some(word)
}

/// Where the first sentence ends. Line breaks at the start do not count.
fn first_sentence(text: &str) -> usize {
    let mut chars = text.char_indices().skip_while(|(_, c)| c.is_whitespace() || is_invisible(*c)).peekable();
    while let Some((at, c)) = chars.next() {
        let ends = match c {
            // A dot inside of a word, as in a version, ends nothing.
            '.' | '!' | '?' => chars.peek().is_none_or(|(_, next)| !next.is_alphanumeric()),
            c => is_sentence_end(c),
        };
        if ends {
            return at;
        }
    }
    text.len()
}

fn is_sentence_end(c: char) -> bool {
    matches!(
        c,
        '.' | '!'
            | '?'
            | '\n'
            | '\r'
            | '\u{2028}'
            | '\u{2029}'
            | '\u{3002}'
            | '\u{ff01}'
            | '\u{ff0e}'
            | '\u{ff1f}'
            | '\u{964}'
            | '\u{6d4}'
            | '\u{61f}'
            | '\u{104b}'
            | '\u{17d4}'
            | '\u{1362}'
    )
}

/// What may stand between a colon and the code.
fn is_filler(c: char) -> bool {
    is_invisible(c)
        || (c.is_whitespace() && c != '\n')
        || matches!(c, '*' | '_' | '`' | '"' | '\u{201c}' | '\u{ab}')
}

/// Whether a text has a time of day or a date of numbers, as notices about logins have.
fn has_time(text: &str) -> bool {
    let parts = |word: &str, by: [char; 2], count: usize| {
        let parts: Vec<&str> = word.split(by).collect();
        parts.len() >= count
            && parts.iter().all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
    };
    text.split_whitespace().any(|word| {
        let word = word.trim_matches(|c: char| !c.is_ascii_digit());
        parts(word, [':', ':'], 2) || parts(word, ['/', '.'], 3) || parts(word, ['-', '-'], 3)
    })
}

/// Reads a login code as people type or paste it: digits of any script, with spaces, dashes and invisible characters
/// between them, or the whole sentence of the message. What has letters in it otherwise is returned as it is, without
/// spaces: some codes are words.
pub fn read(typed: &str) -> String {
    let visible: String =
        typed.chars().filter(|c| !is_invisible(*c)).map(|c| ascii_digit(c).unwrap_or(c)).collect();
    if visible.chars().any(char::is_alphabetic)
        && let Some(code) = find(&visible)
    {
        return code.to_owned();
    }
    visible.chars().filter(|c| !c.is_whitespace() && !is_dash(*c)).collect()
}

/// Reads a code that is a word or a phrase: letters, and one space between words.
pub fn read_words(typed: &str) -> String {
    let visible: String = typed.chars().filter(|c| !is_invisible(*c)).collect();
    visible.split_whitespace().collect::<Vec<_>>().join(" ")
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

    use super::{find, is_stale, read, read_words};
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
            ("كود الدخول: 01234. لا تعط", "01234"),
            ("Login code: 22222. Dear Sales 10115, never share it.", "22222"),
            ("\u{200e}Login code: \u{2068}22222\u{2069}. Do not", "22222"),
            ("Telegram code 12345", "12345"),
            ("Login code:\u{a0}12345\nDo not give it away", "12345"),
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
            "New login. Dear Sales 10115, we detected a login into your account from a new device on 27/11/2026 at 14:05:00 UTC.",
            "New login. Dear Sales: 10115. Bob, we detected a login into your account from a new device on 27/11/2026 at 14:05:00 UTC.",
            "Dear Sales 10115. We detected a login on 27/11/2026 at 14:05:00 UTC.",
            "Dear 10115, we detected a login into your account",
            "Neue Anmeldung. Hallo Vertrieb 10115, wir haben eine Anmeldung erkannt",
            "新登录。尊敬的 Sales 10115，我们检测到",
            "Новый вход. 10115, мы обнаружили вход в Ваш аккаунт с нового устройства 27/11/2026 в 14:05:00 UTC.",
            "Incomplete login attempt. Dear Sales 10115, somebody entered a correct login code for your account on 27/11/2026 at 14:05:00 UTC.",
            "Web login code. Dear Sales 10115, we received a request from your account to log in on my.telegram.org. This is your login code:\naB3dE-5fG12",
            "Web login code. Dear Ada, this is your login code:\n12345abcde",
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

    #[test]
    fn words_keep_their_letters_and_spaces() {
        for (typed, words) in [
            ("apple tree", "apple tree"),
            ("  apple\u{a0} tree\n", "apple tree"),
            ("Apple", "Apple"),
            ("half-moon blue", "half-moon blue"),
            ("app\u{200b}le", "apple"),
            ("зелёный лес", "зелёный лес"),
            ("22222", "22222"),
            (" \u{200b} ", ""),
        ] {
            assert_eq!(read_words(typed), words, "{typed:?}");
        }
    }

    #[test]
    fn typed_codes_are_read_as_they_are_meant() {
        for (typed, code) in [
            ("22222", "22222"),
            (" 222 22 ", "22222"),
            ("２２２２２", "22222"),
            ("٢٢٢٢٢", "22222"),
            ("222\u{2013}22", "22222"),
            ("222\u{2011}22", "22222"),
            ("222\u{200b}22\u{feff}", "22222"),
            ("22\u{ad}222", "22222"),
            ("Login code: 22222", "22222"),
            (
                "Login code: 22222. Do not give this code to anyone, even if they say they are from Telegram!",
                "22222",
            ),
            ("Код для входа: ２２２２２", "22222"),
            ("01234", "01234"),
            ("", ""),
            ("\u{200b}", ""),
            ("apple", "apple"),
        ] {
            assert_eq!(read(typed), code, "{typed:?}");
        }
    }
}
