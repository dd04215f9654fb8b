//! Names of roles and groups. Two names that look alike are one name: white space is collapsed and compatible letters
//! are one letter (NFKC), and characters that no one sees are refused. Letters of several scripts may look alike, too;
//! pages warn of them.

use unicode_normalization::UnicodeNormalization;
use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};
use unicode_script::ScriptExtension;

/// The name in its one spelling; none if it is empty, longer than that many characters, or has a character that names may
/// not have.
pub fn clean(text: &str, longest: usize) -> Option<String> {
    let name = spelled(text);
    let fits = !name.is_empty() && name.chars().count() <= longest;
    (fits && name.chars().all(|c| c != ',' && is_visible(c))).then_some(name)
}

/// The name as it is compared.
pub fn fold(name: &str) -> String {
    spelled(&spelled(name).to_lowercase())
}

/// Whether its letters are of scripts that are not written together, so that it may look like another name.
pub fn mixes_scripts(name: &str) -> bool {
    ScriptExtension::for_str(name).is_empty()
}

/// Whether a reader sees something of the character, be it a space. Controls, marks of direction and fillers are not seen.
pub fn is_visible(c: char) -> bool {
    let filler = matches!(
        c,
        '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{2800}' | '\u{3164}' | '\u{ffa0}'
    ) || matches!(c, '\u{180b}'..='\u{180f}' | '\u{2028}' | '\u{2029}' | '\u{fe00}'..='\u{fe0f}');
    !filler && c.general_category_group() != GeneralCategoryGroup::Other
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
        for name in [
            "Sales team",
            " Sales  team ",
            "Sales\u{a0}team",
            "Sales\u{3000}team",
            "Ｓales team",
            "Sales\tteam",
        ] {
            assert_eq!(clean(name, 60).as_deref(), Some("Sales team"), "{name:?}");
            assert_eq!(fold(name), "sales team");
        }
        assert_eq!(fold("\u{212a}elvin"), "kelvin");
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
            "\u{202e}selaS",
            "\u{2066}Sales",
            "\u{ad}Sales",
            "\u{3164}",
            "Sales\u{e0041}",
            "Sales\0",
            "a,b",
            "\u{2060}",
            "\u{34f}x",
            "Sales\u{fe0f}",
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
