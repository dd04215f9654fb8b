//! CSV files (RFC 4180) that are safe to open in a spreadsheet. Spreadsheets take a field that begins with certain
//! characters for a formula, which input must not become: such a field gets an apostrophe in front,
//! which marks it as text.

use axum::http::header;
use axum::response::{IntoResponse, Response};

use crate::domain::Millis;
use crate::web::words::moments;

/// Characters that begin a formula, also in their full-width form.
const FORMULA: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

/// The answer with a file that is not cached: its columns, and these records. `name` is the beginning of its name.
pub fn download<'a>(
    (name, now): (&str, Millis),
    columns: impl IntoIterator<Item = &'a str>,
    records: impl IntoIterator<Item = String>,
) -> Response {
    let file = format!("{name}-{}.csv", moments::stamp(now));
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8; header=present".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{file}\"")),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    // Without the mark, spreadsheets take the text for one in the character set of their system.
    let mut text = format!("\u{feff}{}", record(columns));
    text.extend(records);
    (headers, text).into_response()
}

/// A line of the file. Every field is quoted.
pub fn record<'a>(fields: impl IntoIterator<Item = &'a str>) -> String {
    let mut line = String::new();
    for field in fields {
        if !line.is_empty() {
            line.push(',');
        }
        line.push('"');
        if is_formula(field) {
            line.push('\'');
        }
        line.push_str(&field.replace('"', "\"\""));
        line.push('"');
    }
    line.push_str("\r\n");
    line
}

/// Whether a spreadsheet might take the field for a formula. What it may skip at the beginning does not count.
fn is_formula(field: &str) -> bool {
    let is_skipped = |c: char| {
        c.is_whitespace() || c.is_control() || matches!(c, '"' | '\'' | '\u{feff}' | '\u{200b}'..='\u{200f}')
    };
    let mut before = field.chars().take_while(|c| is_skipped(*c));
    before.any(|c| matches!(c, '\t' | '\r' | '\n'))
        || field.trim_start_matches(is_skipped).starts_with(FORMULA)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Parses lines as in RFC 4180.
    fn read(text: &str) -> Vec<Vec<String>> {
        let (mut lines, mut line, mut field) = (Vec::new(), Vec::new(), String::new());
        let (mut quoted, mut letters) = (false, text.chars().peekable());
        while let Some(c) = letters.next() {
            match c {
                '"' if !quoted => quoted = true,
                '"' if letters.peek() == Some(&'"') => field.push(letters.next().unwrap()),
                '"' => quoted = false,
                ',' if !quoted => line.push(std::mem::take(&mut field)),
                '\r' if !quoted => {
                    assert_eq!(letters.next(), Some('\n'));
                    line.push(std::mem::take(&mut field));
                    lines.push(std::mem::take(&mut line));
                }
                c => field.push(c),
            }
        }
        assert!(!quoted && field.is_empty() && line.is_empty(), "the last line ends");
        lines
    }

    #[test]
    fn formulas_become_texts() {
        for formula in [
            "=1+1",
            "+1",
            "-1",
            "@SUM(A1)",
            "\t=1",
            "\rx",
            "\tx",
            " =1",
            "\"=1",
            "' \"@x",
            "＝1",
            "\u{feff}=1",
            "\u{200b}-2",
            "+9996620007",
        ] {
            assert_eq!(
                record([formula]),
                format!("\"'{}\"\r\n", formula.replace('"', "\"\"")),
                "{formula:?}"
            );
        }
        for text in ["", "ada@example.org", "a=1", "1-2", "{\"a\":\"=1\"}", "é", "'tis"] {
            assert_eq!(read(&record([text])), [[text]], "{text:?}");
        }
        assert_eq!(record(["a", "b\"c", "d\r\ne,f"]), "\"a\",\"b\"\"c\",\"d\r\ne,f\"\r\n");
    }

    proptest! {
        #[test]
        fn any_fields_come_back_and_none_is_a_formula(
            fields in prop::collection::vec("([ \t\r\n\"',;]|[=+@＝-]|\\PC|[a-z]){0,8}", 1..6),
            more in prop::collection::vec(".*", 1..4),
        ) {
            let both = record(fields.iter().map(String::as_str)) + &record(more.iter().map(String::as_str));
            let lines = read(&both);
            prop_assert_eq!(lines.len(), 2);
            for (was, is) in [&fields, &more].into_iter().zip(&lines) {
                prop_assert_eq!(was.len(), is.len());
                for (was, is) in was.iter().zip(is) {
                    prop_assert!(is == was || is.strip_prefix('\'') == Some(was));
                    let seen = is.trim_start_matches([' ', '"', '\n']);
                    prop_assert!(!seen.starts_with(['=', '+', '-', '@', '\t', '\r']), "{:?}", is);
                }
            }
        }
    }
}
