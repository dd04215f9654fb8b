//! Where a person goes after signing in: back to the page that they asked for, if it is one of ours.

use axum::http::HeaderMap;

use super::paths::{self, with_query};

/// Where people go who asked for nothing else.
const DEFAULT: &str = paths::HOME;

/// Bytes of an address to return to. It travels in addresses and cookies.
const MAX_NEXT: usize = 1024;

/// `next`, if it is a page of ours; anything that a browser might read as another site's is not.
pub fn local_redirect(next: &str) -> &str {
    let ours = next.len() <= MAX_NEXT
        && next.starts_with('/')
        && !next.starts_with("//")
        && next.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    if ours { next } else { DEFAULT }
}

/// The address of the sign-in page, which leads on to `next` afterwards. `ended` says that a session ended, so that the
/// page can say so.
pub fn sign_in(next: Option<&str>, ended: bool) -> String {
    // The list is where everyone can go from the start.
    let next = next.map(local_redirect).filter(|next| ![paths::HOME, paths::ACCOUNTS].contains(next));
    let why = ended.then_some(("why", "ended"));
    let query: Vec<(&str, &str)> = why.into_iter().chain(next.map(|next| ("next", next))).collect();
    if query.is_empty() { paths::SIGN_IN.to_owned() } else { with_query(paths::SIGN_IN, query) }
}

/// The page of ours that a request says it comes from: what htmx says, and browsers.
pub fn page_of(headers: &HeaderMap, origin: &str) -> Option<String> {
    let [current, referer] = ["hx-current-url", "referer"].map(|name| headers.get(name)?.to_str().ok());
    let page = current.or(referer)?.strip_prefix(origin)?;
    let page = page.split('#').next()?;
    (local_redirect(page) == page && !page.starts_with(paths::SIGN_IN)).then(|| page.to_owned())
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
        assert_eq!(sign_in(Some("/accounts?q=1&x"), false), "/sign-in?next=%2Faccounts%3Fq%3D1%26x");
        assert_eq!(sign_in(Some("//x.example"), false), "/sign-in");
        assert_eq!(sign_in(Some("/jobs"), true), "/sign-in?why=ended&next=%2Fjobs");
        assert_eq!(sign_in(None, true), "/sign-in?why=ended");
        assert_eq!(sign_in(Some(&format!("/{}", "a".repeat(2000))), false), "/sign-in");
    }

    #[test]
    fn a_request_comes_from_a_page_of_ours_or_from_none() {
        let from = |name: &'static str, value: &'static str| {
            let headers = HeaderMap::from_iter([(name.parse().unwrap(), value.parse().unwrap())]);
            page_of(&headers, "https://telescope.example.org")
        };
        for name in ["hx-current-url", "referer"] {
            let page = from(name, "https://telescope.example.org/accounts?q=1#top");
            assert_eq!(page.as_deref(), Some("/accounts?q=1"));
            for other in [
                "https://telescope.example.org",
                "https://telescope.example.org.evil.example/accounts",
                "https://evil.example/accounts",
                "https://telescope.example.org//evil.example",
                "https://telescope.example.org/sign-in?next=/jobs",
                "/accounts",
                "",
            ] {
                assert_eq!(from(name, other), None, "{other}");
            }
        }
    }
}
