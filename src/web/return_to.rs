//! Where a person goes after signing in: back to the page that they asked for, if it is one of ours.

use super::paths::{self, with_query};

/// Where people go who asked for nothing else.
const DEFAULT: &str = paths::HOME;

/// `next`, if it is a page of ours; anything that a browser might read as another site's is not.
pub fn local_redirect(next: &str) -> &str {
    let ours = next.starts_with('/')
        && !next.starts_with("//")
        && next.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if ours { next } else { DEFAULT }
}

/// The address of the sign-in page, which leads on to `next` afterwards.
pub fn sign_in(next: Option<&str>) -> String {
    match next.map(local_redirect) {
        None | Some(paths::HOME | paths::ACCOUNTS) => paths::SIGN_IN.to_owned(),
        Some(next) => with_query(paths::SIGN_IN, [("next", next)]),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_text_leads_to_a_page_of_ours(next in prop_oneof!["\\PC{0,40}", "[/\\\\.:@a-z\t\n?#%]{0,20}"]) {
            let here = url::Url::parse("https://telescope.example.org/sign-in").unwrap();
            let there = here.join(local_redirect(&next)).unwrap();
            prop_assert_eq!(there.origin(), here.origin(), "{}", next);
        }
    }

    #[test]
    fn signing_in_leads_to_our_own_pages_only() {
        for ours in ["/accounts", "/accounts?q=a%20b&page=2", "/accounts/1/provide"] {
            assert_eq!(local_redirect(ours), ours);
        }
        for foreign in [
            "",
            "https://x.example",
            "//x.example",
            "/\\x.example",
            "\\/x.example",
            "/\t/x.example",
            "/a\r\nb",
            "x",
        ] {
            assert_eq!(local_redirect(foreign), DEFAULT, "{foreign:?}");
        }
        assert_eq!(sign_in(Some("/accounts?q=1&x")), "/sign-in?next=%2Faccounts%3Fq%3D1%26x");
        assert_eq!(sign_in(Some("//x.example")), "/sign-in");
    }
}
