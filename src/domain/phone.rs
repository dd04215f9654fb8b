//! Phone numbers in Telegram's form: digits only, with the country code.
//!
//! There is no list of country codes here. Telegram has numbers that no such list contains (+888 and the numbers of its
//! test environment), and only Telegram knows whether a number exists.

use std::fmt;

use super::typed::{ascii_digit, is_dash, is_invisible};

/// 5 to 15 digits, stored without the plus and displayed with it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Phone(String);

/// Why a text is not a phone number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PhoneError {
    #[error("Enter the phone number, starting with the country code, e.g. +49.")]
    Empty,
    /// A letter or another character that phone numbers don't contain.
    #[error(
        "A phone number contains only digits, with +, spaces, dashes, dots, slashes or brackets between them."
    )]
    Character,
    /// Fewer than 5 or more than 15 digits.
    #[error("A phone number has 5 to 15 digits, including the country code.")]
    Length,
    /// It begins with a zero, as in national notation.
    #[error("Start with the country code, e.g. +49, and leave out the leading 0.")]
    CountryCode,
}

impl Phone {
    /// Parses what a person typed or pasted: `+49 (151) 234-567`, `0049…`, `+49 (0)151…`, digits of any script. Invisible
    /// characters are ignored.
    pub fn parse(typed: &str) -> Result<Self, PhoneError> {
        let mut digits = String::with_capacity(15);
        let mut has_plus = false;
        let plain: String = typed.chars().filter(|c| !is_invisible(*c)).collect();
        let plain = plain.trim();
        if plain.is_empty() {
            return Err(PhoneError::Empty);
        }
        for (at, c) in plain.chars().enumerate() {
            match (ascii_digit(c), c) {
                (Some(digit), _) => digits.push(digit),
                (None, '+' | '\u{ff0b}') if at == 0 => has_plus = true,
                (None, '.' | '(' | ')' | '/' | '\u{ff08}' | '\u{ff09}') => {}
                (None, c) if is_dash(c) || (c.is_whitespace() && !c.is_control()) => {}
                (None, _) => return Err(PhoneError::Character),
            }
        }
        let international = has_plus || digits.starts_with("00");
        if !has_plus && let Some(rest) = digits.strip_prefix("00") {
            digits = rest.to_owned();
        }
        if international && let Some(at) = trunk_zero(plain) {
            // The trunk prefix in brackets is dialled only within the country.
            let skipped = if has_plus { 0 } else { 2 };
            if let Some(at) = at.checked_sub(skipped).filter(|at| *at > 0 && *at < digits.len()) {
                digits.remove(at);
            }
        }
        if digits.starts_with('0') {
            return Err(PhoneError::CountryCode);
        }
        Self::from_digits(digits).ok_or(PhoneError::Length)
    }

    pub(super) fn from_digits(digits: String) -> Option<Self> {
        let is_number = (5..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then_some(Self(digits))
    }

    /// A number of Telegram's test environment, 99966XYYYY: `dc` is X (1-3), `number` is YYYY.
    pub fn test(dc: u8, number: u16) -> Self {
        Self(format!("99966{}{:04}", dc.clamp(1, 3), number % 10_000))
    }

    /// The number in groups, for people to read and to compare: `+49 151 2345678`. Where a country's own groups begin
    /// takes a table of all countries, so the rule is one for all: the country's code, three digits, the rest.
    pub fn grouped(&self) -> String {
        let (country, rest) = self.0.split_at(country_code(&self.0).min(self.0.len()));
        let (area, line) = rest.split_at(rest.len().min(3));
        // What is left over would stand alone.
        if line.len() < 3 {
            return format!("+{country} {rest}");
        }
        match line.split_at(line.len() / 2) {
            (first, second) if line.len() > 7 => format!("+{country} {area} {first} {second}"),
            _ => format!("+{country} {area} {line}"),
        }
    }

    /// The digits alone.
    pub fn digits(&self) -> &str {
        &self.0
    }
}

/// How many digits the country's code has: by ITU-T E.164 one, two or three.
fn country_code(digits: &str) -> usize {
    let mut digits = digits.bytes();
    match (digits.next(), digits.next()) {
        (Some(b'1' | b'7'), _) => 1,
        (Some(b'2'), Some(b'0' | b'7'))
        | (Some(b'3'), Some(b'0'..=b'4' | b'6' | b'9'))
        | (Some(b'4'), Some(b'0' | b'1' | b'3'..=b'9'))
        | (Some(b'5'), Some(b'1'..=b'8'))
        | (Some(b'6'), Some(b'0'..=b'6'))
        | (Some(b'8'), Some(b'1' | b'2' | b'4' | b'6'))
        | (Some(b'9'), Some(b'0'..=b'5' | b'8')) => 2,
        _ => 3,
    }
}

/// The digits of a number without the `(0)` that is only dialled within the country, if the text has one after others.
pub(super) fn without_trunk_zero(typed: &str, digits: &str) -> Option<String> {
    let at = trunk_zero(typed).filter(|at| *at > 0 && *at < digits.len())?;
    let mut digits = digits.to_owned();
    digits.remove(at);
    Some(digits)
}

/// How many digits precede the first `(0)`, if there is one.
fn trunk_zero(plain: &str) -> Option<usize> {
    let mut before = 0;
    let mut rest = plain.chars();
    while let Some(c) = rest.next() {
        if ascii_digit(c).is_some() {
            before += 1;
        } else if matches!(c, '(' | '\u{ff08}') {
            let mut inside = rest.clone().filter(|c| !c.is_whitespace());
            let is_zero = inside.next().and_then(ascii_digit) == Some('0');
            if is_zero && inside.next().is_some_and(|c| matches!(c, ')' | '\u{ff09}')) {
                return Some(before);
            }
        }
    }
    None
}

impl fmt::Display for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "+{}", self.0)
    }
}

impl fmt::Debug for Phone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::str::FromStr for Phone {
    type Err = PhoneError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

// Stored as the digits alone.
super::ids::text_in_database!(Phone, |phone| phone.0.clone(), |digits| Phone::from_digits(digits)
    .ok_or_else(|| PhoneError::Length.into()),);

#[cfg(test)]
mod tests;
