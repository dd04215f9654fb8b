//! Normalising what people type or paste: digits of any script, and the invisible characters in numbers copied from a
//! contact, a document or a message.

/// The ASCII digit that a decimal digit of any common script stands for.
pub fn ascii_digit(c: char) -> Option<char> {
    /// The zeros of scripts whose ten digits follow each other.
    const ZEROS: [u32; 22] = [
        0x30, 0x660, 0x6F0, 0x7C0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6, 0xC66, 0xCE6, 0xD66, 0xE50,
        0xED0, 0xF20, 0x1040, 0x17E0, 0x1810, 0x1946, 0xA620, 0xFF10,
    ];
    let code = u32::from(c);
    let digit = ZEROS.iter().find_map(|zero| code.checked_sub(*zero).filter(|digit| *digit < 10))?;
    char::from_digit(digit, 10)
}

/// Whether a character is invisible: zero-width, soft hyphen or direction mark.
pub const fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{2064}'
            | '\u{2066}'..='\u{206f}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
    )
}

/// Whether a character is a hyphen or dash of any kind, or a minus sign.
pub const fn is_dash(c: char) -> bool {
    matches!(
        c,
        '-' | '\u{58a}' | '\u{2010}'
            ..='\u{2015}' | '\u{2043}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_of_other_scripts_are_folded() {
        for digits in ["2222", "２２２２", "٢٢٢٢", "۲۲۲۲", "२२२२", "২২২২", "๒๒๒๒"]
        {
            assert_eq!(
                digits.chars().map(ascii_digit).collect::<Option<String>>().unwrap(),
                "2222",
                "{digits}"
            );
        }
        for c in ['²', '½', 'Ⅷ', '①', 'a', '߀'] {
            assert_eq!(ascii_digit(c), (c == '߀').then_some('0'), "{c}");
        }
    }
}
