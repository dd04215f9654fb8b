//! Rejects requests that other web sites make a browser send.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use std::net::{IpAddr, SocketAddr};

const HEADERS: [(header::HeaderName, &str); 5] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; form-action 'self'; \
         base-uri 'none'; frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::REFERRER_POLICY, "same-origin"),
    (header::CACHE_CONTROL, "no-store"),
    (header::X_FRAME_OPTIONS, "DENY"),
];

/// Rejects requests to a host name and forms of other sites; adds security headers to every answer.
pub(super) async fn guard(request: Request, next: Next) -> Response {
    let headers = request.headers();
    let rejection = if !is_address(text(headers, header::HOST)) {
        Some((StatusCode::MISDIRECTED_REQUEST, "Use an IP address or localhost to open this page."))
    } else if *request.method() != Method::GET && is_cross_site(headers) {
        Some((StatusCode::FORBIDDEN, "Forms of other sites are not accepted."))
    } else {
        None
    };
    let mut response = match rejection {
        Some(rejection) => rejection.into_response(),
        None => next.run(request).await,
    };
    for (name, value) in HEADERS {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> &str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

/// The owner of a name can make it point here; an address cannot be redirected.
fn is_address(host: &str) -> bool {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    name == "localhost"
        || host.parse::<SocketAddr>().is_ok()
        || name.parse::<IpAddr>().is_ok()
        || host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok()
}

/// Browsers send the origin of a form; other programs send none.
fn is_cross_site(headers: &HeaderMap) -> bool {
    let own = format!("http://{}", text(headers, header::HOST));
    let site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    headers.get(header::ORIGIN).is_some_and(|origin| origin != own.as_str())
        || site.is_some_and(|site| site != b"same-origin" && site != b"none")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_are_hosts() {
        for host in ["127.0.0.1:8889", "localhost", "localhost:1", "[::1]:80", "[::1]", "192.168.1.2"] {
            assert!(is_address(host), "{host}");
        }
        for host in
            ["", "evil.example", "evil.example:8889", "127.0.0.1.evil.example", "localhost.evil.example:1"]
        {
            assert!(!is_address(host), "{host}");
        }
    }

    #[test]
    fn forms_of_other_sites_are_cross_site() {
        let headers = |origin: Option<&'static str>, site: Option<&'static str>| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, HeaderValue::from_static("127.0.0.1:8889"));
            if let Some(origin) = origin {
                headers.insert(header::ORIGIN, HeaderValue::from_static(origin));
            }
            if let Some(site) = site {
                headers.insert("sec-fetch-site", HeaderValue::from_static(site));
            }
            headers
        };
        for (origin, site, foreign) in [
            (None, None, false),
            (Some("http://127.0.0.1:8889"), Some("same-origin"), false),
            (Some("http://127.0.0.1:1"), None, true),
            (Some("https://evil.example"), Some("cross-site"), true),
            (Some("null"), None, true),
            (None, Some("cross-site"), true),
        ] {
            assert_eq!(is_cross_site(&headers(origin, site)), foreign, "{origin:?} {site:?}");
        }
    }
}
