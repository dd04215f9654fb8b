//! Phone numbers as this Telegram takes them.

use serde::{Deserialize, Serialize};

/// A phone number: digits only, 5 to 15 of them. One that begins with 99966 is a test number: 99966XYYYY, where
/// X is a data centre, 1 to 5.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Number(String);

const TEST: &str = "99966";

impl Number {
    /// Reads what people write: spaces, dashes, brackets and a plus are left out.
    pub fn parse(text: &str) -> Option<Self> {
        let digits: String = text.chars().filter(|letter| !" -()+.".contains(*letter)).collect();
        let plain = (5..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
        let test = digits.strip_prefix(TEST);
        let right = plain
            && test
                .is_none_or(|rest| rest.len() == 5 && matches!(rest.as_bytes().first(), Some(b'1'..=b'5')));
        right.then_some(Self(digits))
    }

    /// The code of a test number: its data centre's digit, five times.
    pub fn fixed_code(&self) -> Option<String> {
        Some(self.0.strip_prefix(TEST)?.get(..1)?.repeat(5))
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for Number {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Number {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("not a phone number")
    }
}

impl From<Number> for String {
    fn from(number: Number) -> Self {
        number.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_digits() {
        for (text, digits) in [
            ("+999 66 2-1234", Some("9996621234")),
            ("(030) 12345", Some("03012345")),
            ("88801234567", Some("88801234567")),
            ("9996691234", None),
            ("999662123", None),
            ("99966212345", None),
            ("1234", None),
            ("1234567890123456", None),
            ("12345a", None),
            ("١٢٣٤٥٦", None),
            ("", None),
        ] {
            assert_eq!(Number::parse(text).map(String::from).as_deref(), digits, "{text}");
        }
        assert_eq!(Number::parse("9996631234").unwrap().fixed_code().unwrap(), "33333");
        assert_eq!(Number::parse("4912345678").unwrap().fixed_code(), None);
    }
}
