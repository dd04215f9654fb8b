//! Names of roles and groups. Names that look alike count as the same name: white space is collapsed, compatible
//! characters are unified (NFKC), and invisible characters are refused or, if they are direction marks, not compared.
//! Letters of different scripts may look alike, too; pages warn about names that mix scripts.

use unicode_normalization::UnicodeNormalization;
use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};
use unicode_security::MixedScript;

/// The normalised name; none if nothing of it is visible, if it has more than `longest` characters, or if it contains a
/// character that is not allowed in names.
pub fn clean(text: &str, longest: usize) -> Option<String> {
    if text.chars().any(char::is_control) {
        return None;
    }
    let name = spelled(text);
    let fits = name.chars().count() <= longest && name.chars().any(|c| c != ' ' && is_visible(c));
    let allowed = |c: char| c != ',' && (is_visible(c) || is_direction(c) || is_variant(c));
    (fits && name.chars().all(allowed)).then_some(name)
}

/// The name in the form in which names are compared.
pub fn fold(name: &str) -> String {
    let seen: String = spelled(name).chars().filter(|c| is_visible(*c)).collect();
    spelled(&seen.to_lowercase())
}

/// Whether it mixes scripts that are not used together, so that it may look like another name.
pub fn mixes_scripts(name: &str) -> bool {
    !name.is_single_script()
}

/// Whether a character is visible, or a space. Controls, direction marks and fillers are not.
pub fn is_visible(c: char) -> bool {
    !is_filler(c) && !is_variant(c) && c.general_category_group() != GeneralCategoryGroup::Other
}

/// Letters, marks and symbols that have no width or look like a space.
const fn is_filler(c: char) -> bool {
    matches!(
        c,
        '\u{34f}'
            | '\u{115f}'
            | '\u{1160}'
            | '\u{17b4}'
            | '\u{17b5}'
            | '\u{2028}'
            | '\u{2029}'
            | '\u{2800}'
            | '\u{3164}'
            | '\u{ffa0}'
            | '\u{180b}'..='\u{180f}'
    )
}

/// Direction marks. Pages isolate names, so the marks affect nothing around a name.
const fn is_direction(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Variation selectors: they choose how the character before them is shown, such as an emoji in colour.
const fn is_variant(c: char) -> bool {
    matches!(c, '\u{fe00}'..='\u{fe0f}')
}

fn spelled(text: &str) -> String {
    let text: String = text.nfkc().collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_look_alike_are_one() {
        for name in ["Sales team", " Sales  team ", "Sales\u{a0}team", "Sales\u{3000}team", "Ｓales team"] {
            assert_eq!(clean(name, 60).as_deref(), Some("Sales team"), "{name:?}");
            assert_eq!(fold(name), "sales team");
        }
        assert_eq!(fold("\u{212a}elvin"), "kelvin");
        assert_eq!(fold("\u{202e}Sales\u{200f} team"), "sales team");
        assert_eq!(fold("E\u{301}t\u{e9}"), fold("\u{e9}te\u{301}"));
    }

    #[test]
    fn what_no_one_sees_is_no_name() {
        for name in [
            "",
            " ",
            "\u{200b}",
            "Sa\u{200b}les",
            "\u{feff}Sales",
            "\u{ad}Sales",
            "\u{3164}",
            "Sales\u{e0041}",
            "Sales\0",
            "a,b",
            "\u{2060}",
            "\u{34f}x",
            "\u{202e}\u{200f}",
            "\u{fe0f}",
            "a\nb",
            "a\tb",
        ] {
            assert_eq!(clean(name, 60), None, "{name:?}");
        }
        assert_eq!(clean(&"é".repeat(60), 60).unwrap().chars().count(), 60);
        assert_eq!(clean(&"é".repeat(61), 60), None);
        for name in ["Verkauf & Söhne", "支店 東京", "Отдел продаж", "مبيعات", "Team 🦊"]
        {
            assert_eq!(clean(name, 60).as_deref(), Some(name));
        }
    }

    #[test]
    fn mixed_scripts_are_told() {
        for name in ["Sаles", "Sales отдел", "Ρaul"] {
            assert!(mixes_scripts(name), "{name}");
        }
        for name in ["Sales 1", "Отдел 1", "東京しぶやカ", "Team 🦊", "Verkauf & Söhne", ""] {
            assert!(!mixes_scripts(name), "{name}");
        }
    }
}
