//! Phone numbers as the sandbox accepts them.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A phone number: 5 to 15 digits. One that starts with 99966 is a test number: 99966XYYYY, where X is a data centre,
/// 1 to 5.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PhoneNumber(String);

const TEST_PREFIX: &str = "99966";

/// Not a phone number that the sandbox accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a phone number has 5 to 15 digits, and a test number is 99966XYYYY with X from 1 to 5")]
pub struct InvalidPhoneNumber;

impl FromStr for PhoneNumber {
    type Err = InvalidPhoneNumber;

    /// Spaces, dashes, dots, brackets and a plus are ignored.
    fn from_str(text: &str) -> Result<Self, InvalidPhoneNumber> {
        let digits: String = text.chars().filter(|letter| !" -()+.".contains(*letter)).collect();
        let is_plain = (5..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
        let is_valid = is_plain && digits.strip_prefix(TEST_PREFIX).is_none_or(is_test_suffix);
        is_valid.then_some(Self(digits)).ok_or(InvalidPhoneNumber)
    }
}

fn is_test_suffix(suffix: &str) -> bool {
    suffix.len() == 5 && matches!(suffix.as_bytes().first(), Some(b'1'..=b'5'))
}

impl PhoneNumber {
    /// The digit that the codes of a test number consist of: that of its data centre.
    pub(crate) fn fixed_digit(&self) -> Option<&str> {
        self.0.strip_prefix(TEST_PREFIX)?.get(..1)
    }

    /// The code of a test number, if no other length was chosen: its digit, five times.
    pub fn fixed_code(&self) -> Option<String> {
        Some(self.fixed_digit()?.repeat(5))
    }

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for PhoneNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for PhoneNumber {
    type Error = InvalidPhoneNumber;

    fn try_from(text: String) -> Result<Self, InvalidPhoneNumber> {
        text.parse()
    }
}

impl From<PhoneNumber> for String {
    fn from(number: PhoneNumber) -> Self {
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
            let parsed = text.parse::<PhoneNumber>().ok();
            assert_eq!(parsed.map(String::from).as_deref(), digits, "{text}");
        }
        let number = |text: &str| text.parse::<PhoneNumber>().unwrap();
        assert_eq!(number("9996631234").fixed_code().unwrap(), "33333");
        assert_eq!(number("4912345678").fixed_code(), None);
    }
}
