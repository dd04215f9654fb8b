//! What is answered while another server is the active one.

use axum::Router;
use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use telescope::web;
use tower::ServiceExt;

use super::app::{Answer, as_htmx};

const WORDS: &str = "Another server is active on this database. This one is on standby and takes over when the other one stops.";

async fn ask(method: Method, path: &str, by_htmx: bool) -> Answer {
    let standby: Router = web::standby();
    let request = Request::builder().method(method).uri(path);
    let request = if by_htmx { as_htmx(request) } else { request };
    Answer::of(standby.oneshot(request.body(Body::empty()).unwrap()).await.unwrap()).await
}

#[tokio::test]
async fn everything_is_answered_that_another_server_is_active() {
    for (method, path) in [
        (Method::GET, "/"),
        (Method::GET, "/accounts?q=x"),
        (Method::GET, "/accounts/events"),
        (Method::POST, "/accounts/add-test"),
        (Method::POST, "/sign-in"),
        (Method::DELETE, "/nothing"),
    ] {
        let answer = ask(method.clone(), path, false).await;
        assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE, "{path}");
        assert_eq!(answer.texts("main [role=alert]"), [WORDS], "{path}");
        assert_eq!(answer.header("retry-after"), "5");
        assert_eq!(answer.header("cache-control"), "no-store");
        assert!(answer.header("content-security-policy").starts_with("default-src 'none'"));
        assert!(!answer.has("form"), "nothing that would not work");
        let again = answer.has("meta[http-equiv=refresh]");
        assert_eq!(again, method == Method::GET, "a form is not sent again by itself: {method}");
    }
}

#[tokio::test]
async fn an_open_page_is_told_in_its_own_way() {
    let answer = ask(Method::POST, "/accounts/add-test", true).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.body.contains(WORDS) && answer.body.contains("#toasts"), "{}", answer.body);
    assert!(!answer.body.contains("<html"));
    assert!(!answer.header("x-request-id").is_empty(), "it is ours, not a proxy's");
}

#[tokio::test]
async fn whoever_watches_over_servers_learns_it_too_and_the_style_is_there() {
    let ready = ask(Method::GET, "/ready", false).await;
    assert_eq!(ready.header("retry-after"), "5");
    assert_eq!((ready.status, ready.body), (StatusCode::SERVICE_UNAVAILABLE, format!("{WORDS}\n")));
    let health = ask(Method::GET, "/health", false).await;
    assert_eq!((health.status, health.body.as_str()), (StatusCode::OK, "ok\n"), "it must not be restarted");
    let style = ask(Method::GET, "/", false).await.attributes("link[rel=stylesheet]", "href").remove(0);
    let style = ask(Method::GET, &style, false).await;
    assert_eq!((style.status, style.header("content-type")), (StatusCode::OK, "text/css; charset=utf-8"));
}
