//! A real browser that comes through a proxy in front of Telescope, as through Cloudflare Access: the proxy adds its
//! signed word to each request, answers the log-out path itself, and lets everything else through.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::extract::{Request, State};
use axum::http::HeaderValue;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{Html, IntoResponse, Response};
use serde_json::json;
use tokio::net::TcpListener;

use super::behind::{ADA, Behind, HEADER};
use crate::support::browser::{Browser, Scripts};

/// What the proxy adds to each request just now.
type Word = Arc<Mutex<String>>;

async fn proxy(State(word): State<Word>, mut request: Request, next: Next) -> Response {
    if request.uri().path() == "/cdn-cgi/access/logout" {
        return Html("<!doctype html><title>Gone</title><h1>Signed out at the proxy</h1>").into_response();
    }
    let word = HeaderValue::from_str(&word.lock().unwrap()).unwrap();
    request.headers_mut().insert("cf-access-jwt-assertion", word);
    next.run(request).await
}

async fn story(scripts: Scripts) {
    assert!(HEADER.eq_ignore_ascii_case("cf-access-jwt-assertion"));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let behind = Behind::with(&[("PUBLIC_URL", &url)]).await;
    behind.test.account(1, Some(ADA)).await;
    let word: Word = Arc::new(Mutex::new(behind.token(ADA)));
    let router = behind.test.router.clone();
    let router = router.layer(from_fn_with_state(Arc::clone(&word), proxy));
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await.unwrap() });

    let browser = Browser::open(scripts).await;
    browser.goto(&format!("{url}/")).await;
    assert_eq!(browser.text(".who span").await, ADA, "nobody had to sign in");
    assert!(browser.has("tr[data-phone='9996620001']").await, "her account is there");

    let now = behind.test.app.clock.now().0 / 1000;
    let over = json!({ "iat": now - 900, "nbf": now - 900, "exp": now - 120 });
    *word.lock().unwrap() = behind.key.sign(&behind.claims(ADA, over));
    browser.goto(&format!("{url}/accounts")).await;
    let said = browser.text("p[role='alert']").await;
    assert!(said.contains("Cloudflare Access") && said.contains("Reload the page"), "{said}");
    assert!(
        !browser.has("tr[data-phone]").await && !browser.has(".who").await,
        "nothing else is on that page"
    );

    *word.lock().unwrap() = behind.token(ADA);
    browser.goto(&format!("{url}/accounts")).await;
    assert_eq!(browser.text(".who span").await, ADA);
    assert_eq!(behind.sign_ins().await, 1, "the same session goes on");

    browser.press("Sign out", "body").await;
    crate::support::waiting::until_true("it leads on", crate::support::browser::SOON, async || {
        browser.has("h1").await && browser.text("h1").await == "Signed out at the proxy"
    })
    .await;
    browser.goto(&format!("{url}/accounts")).await;
    assert_eq!(behind.sign_ins().await, 2, "who comes back with a proof has a new session");
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_is_known_by_its_proxy_and_signs_out_there() {
    story(Scripts::On).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_without_javascript() {
    story(Scripts::Off).await;
}
