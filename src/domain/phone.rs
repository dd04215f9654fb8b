//! Phone numbers, as Telegram takes them: digits with the country's code, nothing else.
//!
//! There is no list of countries here. Telegram knows numbers that no such list has (+888 and the
//! numbers of its test environment), and whether a number exists is for Telegram to say.

use std::fmt;

/// 5 to 15 digits, without the plus. Shown with it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Phone(String);

/// Why a text is no phone number; the words are for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PhoneError {
    /// Nothing was typed.
    #[error("Type the phone number, with the country's code.")]
    Empty,
    /// A letter or another character that no number has.
    #[error("A phone number has digits only (and +, spaces, dashes, dots or brackets between them).")]
    Character,
    /// Fewer than 5 or more than 15 digits.
    #[error("A phone number has 5 to 15 digits, with the country's code.")]
    Length,
}

impl Phone {
    /// Reads what a person typed: `+49 (151) 234-567`, `0049…` is not guessed at.
    pub fn parse(typed: &str) -> Result<Self, PhoneError> {
        let typed = typed.trim();
        if typed.is_empty() {
            return Err(PhoneError::Empty);
        }
        let mut digits = String::with_capacity(15);
        for (at, c) in typed.chars().enumerate() {
            match c {
                '0'..='9' => digits.push(c),
                '+' if at == 0 => {}
                ' ' | '-' | '.' | '(' | ')' | '\u{a0}' | '\u{202f}' => {}
                _ => return Err(PhoneError::Character),
            }
        }
        if !(5..=15).contains(&digits.len()) {
            return Err(PhoneError::Length);
        }
        Ok(Self(digits))
    }

    /// A number of Telegram's test environment, 99966XYYYY: `dc` is X (1-3), `number` is YYYY.
    pub fn test(dc: u8, number: u16) -> Self {
        Self(format!("99966{}{:04}", dc.clamp(1, 3), number % 10_000))
    }

    /// The digits alone.
    pub fn digits(&self) -> &str {
        &self.0
    }
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

/// The database keeps the digits alone.
impl<DB: sqlx::Database> sqlx::Type<DB> for Phone
where
    String: sqlx::Type<DB>,
{
    fn type_info() -> DB::TypeInfo {
        <String as sqlx::Type<DB>>::type_info()
    }
    fn compatible(ty: &DB::TypeInfo) -> bool {
        <String as sqlx::Type<DB>>::compatible(ty)
    }
}

impl<'q, DB: sqlx::Database> sqlx::Encode<'q, DB> for Phone
where
    String: sqlx::Encode<'q, DB>,
{
    fn encode_by_ref(
        &self,
        buffer: &mut <DB as sqlx::Database>::ArgumentBuffer,
    ) -> Result<sqlx::encode::IsNull, sqlx::error::BoxDynError> {
        self.0.encode_by_ref(buffer)
    }
}

impl<'r, DB: sqlx::Database> sqlx::Decode<'r, DB> for Phone
where
    String: sqlx::Decode<'r, DB>,
{
    fn decode(value: <DB as sqlx::Database>::ValueRef<'r>) -> Result<Self, sqlx::error::BoxDynError> {
        Ok(Self::parse(&<String as sqlx::Decode<'r, DB>>::decode(value)?)?)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_text_is_refused_or_is_its_digits(
            typed in prop_oneof!["\\PC{0,40}", "\\+?[0-9 ().-]{0,22}[0-9a٣]?"],
        ) {
            if let Ok(phone) = Phone::parse(&typed) {
                let digits = phone.digits();
                prop_assert!((5..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()));
                prop_assert_eq!(digits, typed.chars().filter(char::is_ascii_digit).collect::<String>());
                prop_assert_eq!(Phone::parse(&phone.to_string()), Ok(phone.clone()));
            }
        }
    }

    #[test]
    fn people_type_numbers_in_many_ways() {
        for (typed, digits) in [
            ("+9996621234", "9996621234"),
            (" 999 66-2 (12) 34 ", "9996621234"),
            ("+888 0123 4567", "88801234567"),
            ("12345", "12345"),
            ("123456789012345", "123456789012345"),
        ] {
            assert_eq!(Phone::parse(typed).unwrap().digits(), digits, "{typed}");
        }
    }

    #[test]
    fn numbers_of_every_length_that_exists_are_taken() {
        for length in 5..=15 {
            for country in ["1", "44", "49", "354", "888", "9996"] {
                let digits = format!("{country:0<length$}").replace('0', "7");
                assert_eq!(Phone::parse(&format!("+{digits}")).unwrap().digits(), digits);
            }
        }
    }

    #[test]
    fn what_is_no_number_is_refused_in_words() {
        for (typed, error) in [
            ("", PhoneError::Empty),
            ("   ", PhoneError::Empty),
            ("1234", PhoneError::Length),
            ("1234567890123456", PhoneError::Length),
            ("+", PhoneError::Length),
            ("12345a", PhoneError::Character),
            ("123+45", PhoneError::Character),
            ("١٢٣٤٥", PhoneError::Character),
            ("12345\0", PhoneError::Character),
        ] {
            assert_eq!(Phone::parse(typed).unwrap_err(), error, "{typed:?}");
        }
    }

    #[test]
    fn test_numbers_keep_their_zeros() {
        assert_eq!(Phone::test(2, 7).digits(), "9996620007");
        assert_eq!(Phone::test(2, 7).to_string(), "+9996620007");
    }
}
