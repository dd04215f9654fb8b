//! The documentation, the pages and the sources are in plain English.

use super::docs::documents;
use super::files;

/// Words that indicate a sentence that should be rewritten.
const UNUSUAL: &[&str] =
    &["whoever", "nobody", "somebody", "anew", "thereby", "in vain", "in words", "shut out"];

/// Words that assume a person's gender.
const GENDERED: &[&str] = &["he", "him", "his", "himself", "she", "her", "herself"];

/// How many of these words a text contains. A name with underscores is one word.
fn count(text: &str, words: &[&str]) -> usize {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    let found = |word: &str| {
        text.match_indices(word)
            .filter(|(at, _)| {
                !text[..*at].ends_with(is_part) && !text[at + word.len()..].starts_with(is_part)
            })
            .count()
    };
    words.iter().map(|word| found(word)).sum()
}

/// The files that contain these words, with their count.
fn counts(files: &[(String, String)], words: &[&str]) -> Vec<(String, usize)> {
    let counted = files.iter().map(|(path, text)| (path.clone(), count(text, words)));
    let mut counted: Vec<_> = counted.filter(|(_, count)| *count > 0).collect();
    counted.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    counted
}

#[test]
fn the_documents_and_pages_are_in_plain_words() {
    let read = [documents(), files("templates", "html")].concat();
    let unusual = counts(&documents(), UNUSUAL);
    assert!(unusual.is_empty(), "rewrite the sentences with {UNUSUAL:?}: {unusual:?}");
    let sources = counts(&files("src", "rs"), UNUSUAL);
    let total: usize = sources.iter().map(|(_, count)| count).sum();
    assert!(total < 30, "rewrite the sentences with {UNUSUAL:?}: {sources:?}");
    let gendered = counts(&[read, files("src", "rs")].concat(), GENDERED);
    assert!(gendered.is_empty(), "they, them, their: {gendered:?}");
}

#[test]
fn words_are_counted_as_words() {
    let text =
        "Whoever is here, in words or `whoever_comes_first`; nobody's, not anewly, shut\nout, Somebody.";
    assert_eq!(count(text, UNUSUAL), 5);
    assert_eq!(count("The hero himself; hers and his-and-hers; HE.", GENDERED), 2);
}
