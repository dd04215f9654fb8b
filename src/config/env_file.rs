//! The file `.env`: one `NAME=value` per line, with the value taken literally.
//!
//! It has its own parser because those of existing crates replace `$NAME` and backslashes in values, and a password may
//! contain either.

use std::collections::HashMap;
use std::io::ErrorKind;
use std::path::Path;

use super::ConfigFaults;

/// The values of a file; none if there is no file.
pub(super) fn read(file: &Path) -> Result<HashMap<String, String>, ConfigFaults> {
    let bytes = match std::fs::read(file) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(HashMap::new()),
        Err(error) => return Err(ConfigFaults(vec![format!("The file .env can't be read: {error}.")])),
    };
    let text = String::from_utf8(bytes)
        .map_err(|_| ConfigFaults(vec!["The file .env is not text (UTF-8).".into()]))?;
    parse(&text)
}

/// The values in a text. A fault has the line's number and never its value, which may be a secret. If a name occurs
/// several times, its last line counts.
pub(super) fn parse(text: &str) -> Result<HashMap<String, String>, ConfigFaults> {
    let mut values = HashMap::new();
    let mut faults = Vec::new();
    for (number, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
        match setting(line) {
            Ok(Some((name, value))) => drop(values.insert(name.to_owned(), value.to_owned())),
            Ok(None) => {}
            Err(fault) => faults.push(format!("The file .env, line {}: {fault}", number + 1)),
        }
    }
    if faults.is_empty() { Ok(values) } else { Err(ConfigFaults(faults)) }
}

/// Name and value of a line; none if it is empty or a comment.
fn setting(line: &str) -> Result<Option<(&str, &str)>, String> {
    let line = line.trim();
    if line.is_empty() || line.starts_with('#') {
        return Ok(None);
    }
    let form = || "it has to look like NAME=value, or begin with # as a comment.".to_owned();
    let (name, value) = line.split_once('=').ok_or_else(form)?;
    let name = name.trim_end();
    let exported = name.strip_prefix("export").filter(|name| name.starts_with([' ', '\t']));
    let name = exported.map_or(name, str::trim_start);
    let is_name = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.'))
    };
    if !is_name(name) {
        return Err(form());
    }
    let value = match value.trim_start() {
        quoted if quoted.starts_with(['"', '\'']) => inside_quotes(quoted),
        _ => without_comment(value),
    };
    value.map(|value| Some((name, value))).map_err(|fault| format!("{name} {fault}"))
}

/// The text between the quotes of a value. The closing quote is followed by the end of the line or a comment; any other
/// quote belongs to the value.
fn inside_quotes(quoted: &str) -> Result<&str, String> {
    let mut chars = quoted.chars();
    let quote = chars.next().unwrap_or_default();
    let inner = chars.as_str();
    let ends = |rest: &str| {
        let comment = rest.trim_start();
        comment.is_empty() || (comment.starts_with('#') && comment.len() < rest.len())
    };
    inner
        .match_indices(quote)
        .find_map(|(at, found)| {
            let (value, rest) = inner.split_at(at);
            rest.strip_prefix(found).is_some_and(ends).then_some(value)
        })
        .ok_or_else(|| {
            format!(
                "begins with a {quote} that isn't closed at the end of the line. If it belongs to the value, put \
                 the other kind of quotes around the whole value."
            )
        })
}

/// A value without quotes, up to a comment, which is a `#` between spaces. A `#` after a space but not before one may
/// be either, so it is refused.
fn without_comment(value: &str) -> Result<&str, String> {
    let mut before = None;
    for (at, c) in value.char_indices() {
        let (kept, rest) = value.split_at(at);
        let is_comment =
            rest.strip_prefix('#').is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t']));
        if c == '#' && is_comment && before.is_none_or(char::is_whitespace) {
            return Ok(kept.trim());
        }
        if c == '#' && before.is_some_and(char::is_whitespace) {
            return Err("has a # after a space. If it belongs to the value, put quotes around the whole value; if it \
                        begins a comment, put a space after it."
                .into());
        }
        before = Some(c);
    }
    Ok(value.trim())
}

/// A value of the environment without the quotes around it: `docker run --env-file` and some service managers pass them
/// on, while a shell and the file take them off.
pub(super) fn unquoted(value: &str) -> &str {
    let trimmed = value.trim();
    ['"', '\'']
        .into_iter()
        .find_map(|quote| trimmed.strip_prefix(quote)?.strip_suffix(quote))
        .unwrap_or(trimmed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(line: &str) -> String {
        parse(line).unwrap().remove("X").unwrap_or_else(|| panic!("{line}"))
    }

    #[test]
    fn values_are_taken_letter_by_letter() {
        for (line, expected) in [
            (r#"X="postgres://t:pa$word1@127.0.0.1/t""#, "postgres://t:pa$word1@127.0.0.1/t"),
            ("X=ab$cd~ef", "ab$cd~ef"),
            ("X=${HOME}$HOME$$", "${HOME}$HOME$$"),
            (r"X='a$b\n\\c'", r"a$b\n\\c"),
            (r#"X="a\$b\"c""#, r#"a\$b\"c"#),
            (r"X=a\b\", r"a\b\"),
            ("X=a#b", "a#b"),
            ("X=#b", "#b"),
            ("X=a#", "a#"),
            ("X='a # b'", "a # b"),
            ("X=\"a #b\"", "a #b"),
            ("X=a # the letter", "a"),
            ("X=a #", "a"),
            ("X= # nothing", ""),
            ("X=", ""),
            ("X=''", ""),
            ("X='a' # it's the letter", "a"),
            ("X=\"a\"\t#b", "a"),
            ("X=a\"b'c", "a\"b'c"),
            ("X='it's'", "it's"),
            ("X=\"a\"b\"", "a\"b"),
            ("X='\"a\"'", "\"a\""),
            ("X=openid email profile", "openid email profile"),
            ("X=host=db password='a b' dbname=t", "host=db password='a b' dbname=t"),
            ("X=a=b", "a=b"),
            ("X=`id`!*?~&|;<>()[]{}", "`id`!*?~&|;<>()[]{}"),
            ("  export  X = a  ", "a"),
            ("\u{feff}X=a\r\n", "a"),
            ("X=a\nX=b", "b"),
            ("X=Prüfung", "Prüfung"),
        ] {
            assert_eq!(value(line), expected, "{line}");
        }
    }

    #[test]
    fn what_can_be_read_in_two_ways_is_named_without_its_value() {
        for line in [
            "X=hunter2 #1",
            "X=\"hunter2",
            "X='hunter2\" # it",
            "X='hunter2' more",
            "hunter2",
            "=hunter2",
            "2X=hunter2",
            "hunter2 X=a",
            "X-Y=hunter2",
        ] {
            let fault = parse(&format!("A=1\n# b\n{line}\n")).unwrap_err().0.concat();
            assert!(fault.starts_with("The file .env, line 3: ") && fault.ends_with('.'), "{line}: {fault}");
            assert!(!fault.contains("hunter2"), "{fault}");
        }
        assert_eq!(parse("a\nb\nX=1").unwrap_err().0.len(), 2, "all at once");
    }

    #[test]
    fn quotes_that_were_passed_on_are_taken_off_once() {
        for (value, expected) in [
            ("\"openid email\"", "openid email"),
            ("'info'", "info"),
            ("'\"a\"'", "\"a\""),
            (" \"a\" ", "a"),
            ("\"a'", "\"a'"),
            ("\"", "\""),
            ("a\"", "a\""),
            ("\"\"", ""),
            ("host=db password='a'", "host=db password='a'"),
        ] {
            assert_eq!(unquoted(value), expected, "{value}");
        }
    }
}
