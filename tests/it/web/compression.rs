//! What is sent compressed, and what is not.

use std::io::Read;

use axum::body::{Body, Bytes, to_bytes};
use axum::http::{HeaderMap, Method, StatusCode, header};

use super::app::{ADMIN, TestApp, Visitor};
use super::invites::{invited, link};

/// The text of a compressed body.
fn unzipped(body: &[u8]) -> String {
    let mut text = String::new();
    flate2::read::GzDecoder::new(body).read_to_string(&mut text).unwrap();
    text
}

async fn zipped(visitor: &Visitor, path: &str) -> (HeaderMap, Bytes) {
    let request = visitor.request(Method::GET, path).header(header::ACCEPT_ENCODING, "gzip, br");
    let answer = visitor.answer(request.body(Body::empty()).unwrap()).await;
    let (parts, body) = answer.into_parts();
    (parts.headers, to_bytes(body, 10_000_000).await.unwrap())
}

#[tokio::test]
async fn files_are_compressed_and_the_same_for_everyone() {
    let test = TestApp::new().await;
    let nobody = test.anonymous();
    let page = nobody.get("/sign-in").await;
    let files = [
        page.attributes("script", "src").remove(0),
        page.attributes("link[rel=stylesheet]", "href").remove(0),
    ];
    for file in files {
        let plain = nobody.get(&file).await;
        assert_eq!((plain.header("vary"), plain.header("content-encoding")), ("Accept-Encoding", ""));
        let (headers, body) = zipped(&nobody, &file).await;
        assert_eq!(headers["content-encoding"], "gzip");
        assert_eq!(headers["vary"], "Accept-Encoding");
        assert!(body.len() * 2 < plain.body.len(), "{file}: {} of {}", body.len(), plain.body.len());
        assert_eq!(unzipped(&body), plain.body);
        assert_ne!(headers["etag"], plain.headers["etag"], "each form has a tag of its own");
        let again = nobody.request(Method::GET, &file).header(header::ACCEPT_ENCODING, "gzip");
        let again = again.header(header::IF_NONE_MATCH, &headers["etag"]).body(Body::empty()).unwrap();
        assert_eq!(nobody.status(again).await, StatusCode::NOT_MODIFIED);
    }
}

/// A compressed page says by its size whether text that others chose occurs in what they may not see.
#[tokio::test]
async fn pages_are_compressed_but_for_those_of_one_account() {
    let test = TestApp::new().await;
    let root = test.signed_in(ADMIN).await;
    let account = test.account(1, None).await;
    for path in ["/accounts", "/audit", "/users", "/access", "/roles", "/groups"] {
        let (headers, body) = zipped(&root, path).await;
        assert_eq!(headers["content-encoding"], "gzip", "{path}");
        assert!(headers["vary"].to_str().unwrap().contains("Accept-Encoding"), "{path}");
        assert!(headers.get("content-length").is_none_or(|length| length == &body.len().to_string()));
        let plain = root.get(path).await;
        assert_eq!(plain.header("content-encoding"), "");
        assert!(body.len() < plain.body.len() && unzipped(&body).ends_with("</html>"), "{path}");
    }
    for path in ["", "/provide", "/edit", "/remove", "/code", "/password"] {
        let (headers, _) = zipped(&root, &format!("/accounts/{account}{path}")).await;
        assert!(!headers.contains_key("content-encoding"), "{path}");
    }
    // The login of an account with an invite.
    let path = link(&invited(&root, &[]).await);
    let visitor = test.anonymous();
    let browser = visitor.after(&visitor.post(&path, &[("consent", "yes")]).await);
    for path in [path.as_str(), "/onboarding/login"] {
        let (headers, body) = zipped(&browser, path).await;
        assert!(!headers.contains_key("content-encoding") && !body.is_empty(), "{path}");
    }
    let stream = root.request(Method::GET, "/accounts/events").header(header::ACCEPT_ENCODING, "gzip");
    let stream = root.answer(stream.body(Body::empty()).unwrap()).await;
    assert!(!stream.headers().contains_key("content-encoding"));
    assert_eq!(stream.headers()["cache-control"], "no-cache, no-transform");
}
