//! What people type to find an account: words in any order, with or without accents, and numbers in any notation.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::typed::{ascii_digit, is_dash, is_invisible};

/// A text without accents, upper case and other differences that people ignore when they search.
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let mut folded = String::with_capacity(text.len());
    let plain = text.nfkd().filter(|c| !is_combining_mark(*c) && !is_invisible(*c));
    for c in plain.flat_map(char::to_lowercase) {
        match c {
            // Letters that Unicode does not decompose.
            'ß' => folded.push_str("ss"),
            'æ' => folded.push_str("ae"),
            'œ' => folded.push_str("oe"),
            'ø' => folded.push('o'),
            'ł' => folded.push('l'),
            'đ' | 'ð' => folded.push('d'),
            'ħ' => folded.push('h'),
            'ı' => folded.push('i'),
            'þ' => folded.push_str("th"),
            c if is_combining_mark(c) => {}
            c => folded.push(ascii_digit(c).unwrap_or(c)),
        }
    }
    folded
}

/// A search, prepared for many accounts.
#[derive(Debug)]
pub struct Search {
    words: Vec<Word>,
    /// The digits of the whole search, if it looks like a phone number or a part of one.
    number: Option<String>,
}

#[derive(Debug)]
struct Word {
    text: String,
    digits: Option<String>,
}

impl Search {
    pub fn new(typed: &str) -> Self {
        let typed: String = typed.chars().filter(|c| !is_invisible(*c)).collect();
        let word = |text: &str| Word { text: fold(text), digits: number(text) };
        let words = typed.split_whitespace().map(word);
        // A dash between words is not a word.
        let words = words.filter(|word| word.text.chars().any(char::is_alphanumeric)).collect();
        Self { words, number: number(&typed) }
    }

    /// Whether every account matches.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Whether an account with this number and these texts matches. The texts need not be folded.
    pub fn finds<'a>(&self, phone: &str, texts: impl IntoIterator<Item = &'a str>) -> bool {
        let has = |digits: &Option<String>| digits.as_ref().is_some_and(|digits| phone.contains(digits));
        if self.is_empty() || has(&self.number) {
            return true;
        }
        let mut folded = String::new();
        for text in texts {
            folded.push_str(&fold(text));
            // So that no match spans two texts.
            folded.push('\n');
        }
        self.words.iter().all(|word| has(&word.digits) || folded.contains(&word.text))
    }
}

/// The digits of what looks like a phone number or a part of one, without dialling prefixes.
fn number(typed: &str) -> Option<String> {
    let typed = typed.trim();
    let mut digits = String::new();
    for c in typed.chars() {
        match ascii_digit(c) {
            Some(digit) => digits.push(digit),
            None if c.is_whitespace() || is_dash(c) => {}
            None => match c {
                '+' | '\u{ff0b}' | '(' | ')' | '/' | '.' | '\u{ff08}' | '\u{ff09}' => {}
                _ => return None,
            },
        }
    }
    let first = typed.chars().next().map(|c| ascii_digit(c).unwrap_or(c));
    let is_part = !matches!(first, Some('+' | '\u{ff0b}' | '(' | '\u{ff08}' | '0'));
    if is_part {
        return (!digits.is_empty()).then_some(digits);
    }
    // 00 in place of the plus, 0 before an area code, and the (0) that is dialled only within the country.
    let digits = match super::phone::without_trunk_zero(typed, &digits) {
        Some(shorter) => shorter,
        None => digits,
    };
    let significant = digits.trim_start_matches('0');
    if significant.is_empty() {
        return (!digits.is_empty()).then_some(digits);
    }
    Some(significant.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_found_in_any_notation() {
        for typed in [
            "+999 66 4 4077",
            "(999) 664-4077",
            "9996644077",
            "999.66.4/4077",
            "００９９９６６４４０７７",
            "\u{202d}+999 66 4 4077\u{202c}",
            "4077",
            "664 4077",
            "+999 (0) 66 4 4077",
            "0 66 44077",
            "٤٠٧٧",
            "664 desk",
            "desk +999",
        ] {
            assert!(Search::new(typed).finds("9996644077", ["Front desk"]), "{typed}");
        }
        for typed in ["4078", "+66", "664 4077 4078", "664 south"] {
            let meant = Search::new(typed).finds("9996644077", ["Front desk"]);
            assert_eq!(meant, typed == "+66", "{typed}");
        }
    }

    #[test]
    fn words_are_found_in_any_order_and_without_accents() {
        let texts = ["Ada Almond", "@ada_a", "ada@example.org", "Büro Köln, Straße 5", "Sales Łódź"];
        for typed in [
            "almond ada",
            "ada almond",
            "ADA",
            "koln",
            "Köln",
            "KÖLN",
            "ko\u{308}ln",
            "strasse",
            "straße",
            "lodz",
            "sales ada",
            "@ada",
            "example.org koln",
            "ＡＤＡ",
            "bu ko",
            "ada - almond",
            "5 koln",
            "ada\u{a0}almond",
            "  ",
        ] {
            assert!(Search::new(typed).finds("9996644077", texts), "{typed}");
        }
        for typed in ["almond bob", "kolm", "almondada", "almond @ada ada@example.com"] {
            assert!(!Search::new(typed).finds("9996644077", texts), "{typed}");
        }
    }

    #[test]
    fn folding_twice_is_folding_once() {
        for text in ["Köln", "ŁÓDŹ", "İstanbul", "ﬁne", "Ⅷ", "ǅ", "한국", "Ё", "ϔ"] {
            assert_eq!(fold(&fold(text)), fold(text), "{text}");
        }
    }
}
