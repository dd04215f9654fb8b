use proptest::prelude::*;

use super::*;

proptest! {
    #[test]
    fn any_text_is_refused_or_reduced_to_its_digits(
        typed in prop_oneof!["\\PC{0,40}", "\\+?[0-9 ().-]{0,22}[0-9a٣]?"],
    ) {
        if let Ok(phone) = Phone::parse(&typed) {
            let digits = phone.digits();
            prop_assert!((5..=15).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit()));
            let typed: String = typed.chars().filter_map(ascii_digit).collect();
            prop_assert!(typed.ends_with(digits) || typed.len() == digits.len() + 1 || typed.starts_with("00"));
            prop_assert!(!digits.starts_with('0'));
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
        // As copied from contacts and documents.
        ("\u{202d}+999 66 2 1234\u{202c}", "9996621234"),
        ("\u{200e}+999\u{a0}66\u{2011}2\u{2013}1234\u{feff}", "9996621234"),
        ("＋９９９６６２１２３４", "9996621234"),
        ("(999) 66/2 1234", "9996621234"),
        ("٩٩٩٦٦٢١٢٣٤", "9996621234"),
        // With a trunk prefix.
        ("+49 (0)151 2345678", "491512345678"),
        ("0049 (0) 151 2345678", "491512345678"),
        ("+44 (0) 20 7946 0000", "442079460000"),
        ("00491512345678", "491512345678"),
        ("009996611001", "9996611001"),
    ] {
        assert_eq!(Phone::parse(typed).unwrap().digits(), digits, "{typed}");
    }
}

#[test]
fn numbers_of_every_valid_length_are_accepted() {
    for length in 5..=15 {
        for country in ["1", "44", "49", "354", "888", "9996"] {
            let digits = format!("{country:0<length$}").replace('0', "7");
            assert_eq!(Phone::parse(&format!("+{digits}")).unwrap().digits(), digits);
        }
    }
}

#[test]
fn invalid_numbers_are_refused() {
    for (typed, error) in [
        ("", PhoneError::Empty),
        ("   ", PhoneError::Empty),
        ("1234", PhoneError::Length),
        ("1234567890123456", PhoneError::Length),
        ("+", PhoneError::Length),
        ("12345a", PhoneError::Character),
        ("123+45", PhoneError::Character),
        ("0151 2345678", PhoneError::CountryCode),
        ("+0151 2345678", PhoneError::CountryCode),
        ("+00491512345678", PhoneError::CountryCode),
        ("0001512345678", PhoneError::CountryCode),
        ("(0)151 2345678", PhoneError::CountryCode),
        ("\u{202d}\u{202c}", PhoneError::Empty),
        ("12345\n67", PhoneError::Character),
        ("12345\0", PhoneError::Character),
    ] {
        assert_eq!(Phone::parse(typed).unwrap_err(), error, "{typed:?}");
    }
}

#[test]
fn a_number_is_read_in_groups() {
    for (typed, grouped) in [
        ("+491512345678", "+49 151 2345678"),
        ("+4915123456789", "+49 151 2345 6789"),
        ("+12025550123", "+1 202 5550123"),
        ("+79161234567", "+7 916 1234567"),
        ("+358401234567", "+358 401 234567"),
        ("+9996621234", "+999 662 1234"),
        ("+88801234567", "+888 012 34567"),
        ("+12345", "+1 2345"),
        ("+35412", "+354 12"),
        ("+123456789012345", "+1 234 56789 012345"),
    ] {
        let phone = Phone::parse(typed).unwrap();
        assert_eq!(phone.grouped(), grouped);
        assert_eq!(Phone::parse(grouped), Ok(phone), "what is copied is taken");
    }
}

#[test]
fn test_numbers_keep_their_zeros() {
    assert_eq!(Phone::test(2, 7).digits(), "9996620007");
    assert_eq!(Phone::test(2, 7).to_string(), "+9996620007");
}
