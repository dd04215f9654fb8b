//! Characters that change the direction of the text after them. What people and Telegram write may contain them, and must
//! not turn around what stands beside it. A page isolates such text, but a lone closing character ends the isolation, and
//! so does the end of a paragraph. So the former are left out, the latter become ends of lines, which pages show as
//! spaces, and what was opened is closed.

use std::borrow::Cow;

const POP_EMBEDDING: char = '\u{202c}';
const POP_ISOLATE: char = '\u{2069}';
const FIRST_STRONG_ISOLATE: char = '\u{2068}';

/// What a character does to the direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Control {
    Embed,
    Isolate,
    PopEmbedding,
    PopIsolate,
    EndOfParagraph,
}

const fn control(c: char) -> Option<Control> {
    match c {
        '\u{202a}' | '\u{202b}' | '\u{202d}' | '\u{202e}' => Some(Control::Embed),
        '\u{2066}' | '\u{2067}' | FIRST_STRONG_ISOLATE => Some(Control::Isolate),
        POP_EMBEDDING => Some(Control::PopEmbedding),
        POP_ISOLATE => Some(Control::PopIsolate),
        '\u{1c}'..='\u{1e}' | '\u{85}' | '\u{2029}' => Some(Control::EndOfParagraph),
        _ => None,
    }
}

/// The text with each embedding, override and isolate closed at its end, and without what closes nothing.
pub fn balanced(text: &str) -> Cow<'_, str> {
    if !text.contains(|c| control(c).is_some()) {
        return Cow::Borrowed(text);
    }
    let mut result = String::with_capacity(text.len() + 8);
    let mut open: Vec<Control> = Vec::new();
    for c in text.chars() {
        match control(c) {
            None => {}
            Some(opening @ (Control::Embed | Control::Isolate)) => open.push(opening),
            Some(Control::PopEmbedding) => {
                if open.last() != Some(&Control::Embed) {
                    continue;
                }
                open.pop();
            }
            Some(Control::PopIsolate) => {
                // It also closes the embeddings inside.
                let Some(at) = open.iter().rposition(|it| *it == Control::Isolate) else { continue };
                open.truncate(at);
            }
            Some(Control::EndOfParagraph) => {
                result.push('\n');
                continue;
            }
        }
        result.push(c);
    }
    for opened in open.iter().rev() {
        result.push(if *opened == Control::Embed { POP_EMBEDDING } else { POP_ISOLATE });
    }
    Cow::Owned(result)
}

/// The text isolated from what stands around it, for sentences; unchanged if nothing of it has a direction of its own.
pub fn isolated(text: &str) -> Cow<'_, str> {
    if text.chars().all(|c| c.is_ascii() || is_left_to_right(c)) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(format!("{FIRST_STRONG_ISOLATE}{}{POP_ISOLATE}", balanced(text)))
}

/// Letters of the scripts that most names have: they need no isolation.
const fn is_left_to_right(c: char) -> bool {
    matches!(c, '\u{c0}'..='\u{24f}' | '\u{370}'..='\u{52f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_opened_is_closed_and_nothing_else() {
        for (text, expected) in [
            ("", ""),
            ("Sales", "Sales"),
            ("שלום", "שלום"),
            ("a\u{202e}b", "a\u{202e}b\u{202c}"),
            ("a\u{202e}b\u{202c}c", "a\u{202e}b\u{202c}c"),
            ("a\u{2069}\u{202e}b", "a\u{202e}b\u{202c}"),
            ("a\u{202c}b\u{2069}\u{2069}", "ab"),
            ("\u{2067}a\u{202b}b\u{2069}c", "\u{2067}a\u{202b}b\u{2069}c"),
            ("\u{202d}\u{2066}x", "\u{202d}\u{2066}x\u{2069}\u{202c}"),
            ("\u{202d}\u{2066}\u{202c}x", "\u{202d}\u{2066}x\u{2069}\u{202c}"),
            ("\u{200f}a\u{61c}", "\u{200f}a\u{61c}"),
            ("a\u{2029}\u{202e}b\u{85}", "a\n\u{202e}b\n\u{202c}"),
        ] {
            assert_eq!(balanced(text), expected, "{text:?}");
            assert_eq!(balanced(expected), expected, "once is enough: {text:?}");
        }
    }

    #[test]
    fn text_with_a_direction_is_isolated() {
        assert_eq!(isolated("Sales & Ventes à Köln"), "Sales & Ventes à Köln");
        assert_eq!(isolated("שלום"), "\u{2068}שלום\u{2069}");
        assert_eq!(isolated("a\u{2069}\u{202e}b"), "\u{2068}a\u{202e}b\u{202c}\u{2069}");
        assert_eq!(isolated("a\u{200f}"), "\u{2068}a\u{200f}\u{2069}");
    }
}
