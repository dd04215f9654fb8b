//! E-mail addresses, normalised when parsed, so that two spellings of an address are the same person.

use std::fmt;

/// Trimmed, lower case, printable ASCII, with one `@` between a local part and a domain.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Email(String);

/// Why a text is not an e-mail address. The messages are shown to users.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EmailError {
    #[error("Enter an e-mail address.")]
    Empty,
    /// No or several `@`, nothing before or after it, or a space.
    #[error("That isn't an e-mail address, such as name@example.org.")]
    Form,
    /// A character outside printable ASCII: two addresses could look the same.
    #[error("An e-mail address can contain only unaccented letters, digits and signs.")]
    Character,
    /// Longer than 254 characters.
    #[error("An e-mail address can have at most 254 characters.")]
    Length,
}

impl Email {
    /// Parses and normalises an address.
    pub fn parse(typed: &str) -> Result<Self, EmailError> {
        let address = typed.trim_matches([' ', '\t']).to_ascii_lowercase();
        if address.is_empty() {
            return Err(EmailError::Empty);
        }
        if address.len() > 254 {
            return Err(EmailError::Length);
        }
        if !address.bytes().all(|b| b.is_ascii_graphic() || b == b' ') {
            return Err(EmailError::Character);
        }
        let well_formed = address.split_once('@').is_some_and(|(name, host)| {
            !name.is_empty()
                && !host.is_empty()
                && !host.contains('@')
                && !host.starts_with('.')
                && !host.ends_with('.')
                && host.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.' || b == b'-')
                && !name.contains([' ', '<', '>', ',', ';', ':', '"', '\\', '(', ')', '[', ']'])
        });
        if well_formed { Ok(Self(address)) } else { Err(EmailError::Form) }
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part after the `@`.
    fn host(&self) -> &str {
        self.0.split_once('@').map_or("", |(_, host)| host)
    }
}

/// The domain of e-mail addresses, compared exactly: subdomains are different domains.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EmailDomain(String);

impl EmailDomain {
    /// Parses a full domain; none if no address can have it.
    pub fn parse(text: &str) -> Option<Self> {
        let email = Email::parse(&format!("name@{text}")).ok()?;
        let is_whole = email.host().split('.').all(|label| !label.is_empty());
        is_whole.then(|| Self(email.host().to_owned()))
    }

    /// Whether an address has this domain.
    pub fn includes(&self, email: &Email) -> bool {
        self.0 == email.host()
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::str::FromStr for Email {
    type Err = EmailError;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

crate::domain::ids::text_in_database!(Email);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_text_is_refused_or_normalised(
            typed in prop_oneof!["\\PC{0,60}", "[ \t]?[A-Za-zé.+ -]{0,9}@?[A-Za-z.@ -]{0,12}[\t ]?"],
        ) {
            if let Ok(email) = Email::parse(&typed) {
                let text = email.to_string();
                prop_assert!(text.bytes().all(|b| b.is_ascii_graphic() && !b.is_ascii_uppercase()), "{text}");
                prop_assert_eq!(text.matches('@').count(), 1);
                for spelling in [text.clone(), text.to_ascii_uppercase(), format!(" {text}\t")] {
                    prop_assert_eq!(Email::parse(&spelling), Ok(email.clone()));
                }
            }
        }
    }

    #[test]
    fn a_domain_matches_exactly() {
        let domain = EmailDomain::parse("Example.ORG").unwrap();
        for (address, is_included) in [
            ("ada@example.org", true),
            ("ADA@EXAMPLE.ORG", true),
            ("ada@example.org.evil.com", false),
            ("ada@evilexample.org", false),
            ("ada@sub.example.org", false),
            ("ada@example.or", false),
            ("ada@org", false),
            ("example.org@evil.com", false),
            ("ada+example.org@evil.com", false),
        ] {
            assert_eq!(domain.includes(&Email::parse(address).unwrap()), is_included, "{address}");
        }
        for text in [
            "",
            "@example.org",
            "a@example.org",
            "*.example.org",
            ".example.org",
            "example.org.",
            "a..b",
            "exämple.org",
            "example.org:25",
            "exam ple.org",
        ] {
            assert_eq!(EmailDomain::parse(text), None, "{text}");
        }
    }

    #[test]
    fn spellings_of_an_address_are_equal() {
        assert_eq!(Email::parse(" Ada@Example.ORG ").unwrap(), Email::parse("ada@example.org").unwrap());
    }

    #[test]
    fn invalid_addresses_are_refused() {
        for (typed, error) in [
            ("", EmailError::Empty),
            ("ada", EmailError::Form),
            ("@example.org", EmailError::Form),
            ("ada@", EmailError::Form),
            ("ada@x@y", EmailError::Form),
            ("a da@example.org", EmailError::Form),
            ("Ada <ada@example.org>", EmailError::Form),
            ("аda@example.org", EmailError::Character),
            ("ada@example.org\0", EmailError::Character),
            ("ada\u{202e}@example.org", EmailError::Character),
        ] {
            assert_eq!(Email::parse(typed).unwrap_err(), error, "{typed:?}");
        }
        assert_eq!(Email::parse(&format!("{}@x", "a".repeat(260))).unwrap_err(), EmailError::Length);
    }
}
