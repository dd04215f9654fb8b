//! Searching events by code: a single one, or a family such as `person.*`.

use super::AuditKind;

/// The first part of a code, which related codes share.
pub fn family(code: &str) -> &str {
    code.split('.').next().unwrap_or(code)
}

/// The kinds that a pattern such as `person.disabled` or `person.*` matches; none if there are none.
pub fn matching(pattern: &str) -> Option<Vec<AuditKind>> {
    let matches = |kind: &&AuditKind| match pattern.strip_suffix(".*") {
        Some(wanted) => family(kind.code()) == wanted,
        None => kind.code() == pattern,
    };
    let kinds: Vec<AuditKind> = AuditKind::ALL.iter().filter(matches).copied().collect();
    (!kinds.is_empty()).then_some(kinds)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_meaning_is_a_phrase() {
        for kind in AuditKind::ALL {
            let meaning = kind.meaning();
            assert!(meaning.len() > 10 && !meaning.ends_with('.') && meaning.trim() == meaning, "{meaning}");
            assert_eq!(AuditKind::from_code(kind.code()), Some(*kind), "each code is used once");
        }
        assert_eq!(AuditKind::from_code("someday.invented"), None);
    }

    #[test]
    fn codes_are_found_by_name_and_by_family() {
        assert_eq!(matching("web.sign-in"), Some(vec![AuditKind::WebSignIn]));
        let people = matching("person.*").unwrap();
        assert!(people.len() > 3 && people.iter().all(|kind| kind.code().starts_with("person.")));
        for none in ["", ".*", "person", "per*", "*", "nothing.*"] {
            assert_eq!(matching(none), None, "{none}");
        }
    }
}
