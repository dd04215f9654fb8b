//! Looking for short secrets in text that has random parts.

/// Whether a text has this word, on its own: ids, times and encrypted text may have the same characters by chance.
pub fn has_word(text: &(impl AsRef<str> + ?Sized), word: &str) -> bool {
    let text = text.as_ref();
    text.match_indices(word).any(|(at, _)| {
        let (before, after) = (text[..at].chars().next_back(), text[at + word.len()..].chars().next());
        [before, after].into_iter().flatten().all(|beside| !beside.is_alphanumeric())
    })
}
