//! Checks the host of a request, and the site that it comes from.

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, Method, header};

use crate::config::{PublicUrl, is_loopback_name};

/// The host of a request; None if it names none, or several.
fn host(request: &Request) -> Option<&str> {
    let mut named = request.headers().get_all(header::HOST).iter();
    let in_header = named.next().map(|host| host.to_str().unwrap_or_default());
    let in_target = request.uri().authority().map(|authority| authority.as_str());
    match (in_target, in_header, named.next()) {
        (Some(target), Some(header), None) if target == header => Some(target),
        (Some(host), None, None) | (None, Some(host), None) => Some(host),
        _ => None,
    }
}

/// Whether a Host header is the public address, or another loopback name if the public address is on loopback.
fn is_ours(public: &PublicUrl, host: &str) -> bool {
    if host.eq_ignore_ascii_case(public.authority()) {
        return true;
    }
    let (name, port) = host.rsplit_once(':').unwrap_or((host, ""));
    let public_port = public.authority().rsplit_once(':').map_or("", |(_, port)| port);
    public.is_loopback() && port == public_port && is_loopback_name(name)
}

/// Whether an Origin is ours: scheme, host and port. A page that came by http is not ours if we are reached by https.
fn is_our_origin(public: &PublicUrl, origin: &str) -> bool {
    let scheme = if public.is_https() { "https" } else { "http" };
    origin.split_once("://").is_some_and(|(its, authority)| its == scheme && is_ours(public, authority))
}

/// Whether a request names one or several origins that are not ours. Browsers name none where they follow a link.
fn has_other_origin(public: &PublicUrl, request: &Request) -> bool {
    let mut origins = request.headers().get_all(header::ORIGIN).iter();
    let is_ours = |origin: &HeaderValue| origin.to_str().is_ok_and(|origin| is_our_origin(public, origin));
    match (origins.next(), origins.next()) {
        (None, _) => false,
        (Some(origin), None) => !is_ours(origin),
        (Some(_), Some(_)) => true,
    }
}

/// Whether a browser conceals the origin of a form of ours, since its page lets no one know where it was: `Origin: null`
/// from a browser that says that the page was ours, which no script can make it say.
fn is_concealed(request: &Request) -> bool {
    let is = |name: &str, wanted: &str| {
        let mut values = request.headers().get_all(name).iter();
        matches!((values.next(), values.next()), (Some(value), None) if value == wanted)
    };
    is("origin", "null") && is("sec-fetch-site", "same-origin")
}

/// Headers that proxies add and browsers never send.
fn has_proxy_headers(name: &HeaderName) -> bool {
    let name = name.as_str();
    matches!(name, "forwarded" | "via" | "x-real-ip") || name.starts_with("x-forwarded-")
}

/// Whether a page of another site reads this, for example as a stream or an image. Following a link from there doesn't
/// count.
fn is_cross_site_read(public: &PublicUrl, request: &Request) -> bool {
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return false;
    }
    let value = |name: &str| request.headers().get(name).map(|value| value.to_str().unwrap_or_default());
    let navigates = value("sec-fetch-mode") == Some("navigate");
    let other_site = value("sec-fetch-site").is_some_and(|site| !matches!(site, "same-origin" | "none"));
    // Older browsers send only `Origin`, and only for requests by scripts.
    (other_site && !navigates) || has_other_origin(public, request)
}

/// Why a request is refused before authentication.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blocked {
    /// It names another host. This prevents DNS rebinding.
    WrongHost,
    /// A page of another site sent a form. A layer behind this looks at `Sec-Fetch-Site`, which not every browser sends.
    CrossSiteForm,
    /// A page of another site would read the response.
    CrossSiteRead,
    /// It came through a proxy although none is allowed.
    Proxied,
}

/// Checks a request against the public address. `proxies` says whether requests may come through one.
pub fn check(public: &PublicUrl, proxies: bool, request: &Request) -> Result<(), Blocked> {
    if !host(request).is_some_and(|host| is_ours(public, host)) {
        return Err(Blocked::WrongHost);
    }
    if !request.method().is_safe() && has_other_origin(public, request) && !is_concealed(request) {
        return Err(Blocked::CrossSiteForm);
    }
    if is_cross_site_read(public, request) {
        return Err(Blocked::CrossSiteRead);
    }
    if !proxies && request.headers().keys().any(has_proxy_headers) {
        return Err(Blocked::Proxied);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at_home() -> PublicUrl {
        PublicUrl::parse("http://localhost:8888").unwrap()
    }

    proptest! {
        #[test]
        fn only_loopback_names_are_accepted_on_loopback(
            text in prop_oneof!["\\PC{0,40}", "(localhost|127\\.[0-9.]{0,6}|\\[?::1\\]?|[a-z.]{0,9})[:.@/a-z0-9]{0,12}"],
        ) {
            prop_assert!(!is_ours(&PublicUrl::parse("https://telescope.example.org").unwrap(), &text));
            if is_ours(&at_home(), &text) {
                let name = text.strip_suffix(":8888").expect("our port");
                prop_assert!(is_loopback_name(name), "{name}");
                prop_assert!(!name.contains(['@', '/', '?', '#', '\\', ' ']), "{name}");
            }
        }

        #[test]
        fn an_origin_is_ours_only_with_our_scheme(text in "(https?|ftp|)(://)?[a-z.]{0,8}(telescope.example.org)?(:[0-9]{1,4})?/?") {
            let public = PublicUrl::parse("https://telescope.example.org").unwrap();
            prop_assert_eq!(is_our_origin(&public, &text), text == "https://telescope.example.org");
        }

        #[test]
        fn the_public_name_is_accepted_in_any_case(upper in proptest::collection::vec(any::<bool>(), 21)) {
            let letters = "telescope.example.org".chars().zip(upper);
            let text: String =
                letters.map(|(c, upper)| if upper { c.to_ascii_uppercase() } else { c }).collect();
            let public = PublicUrl::parse("https://telescope.example.org").unwrap();
            prop_assert!(is_ours(&public, &text));
            let longer = format!("{text}.evil.example");
            prop_assert!(!is_ours(&public, &longer));
        }
    }
}
