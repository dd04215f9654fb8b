//! A real browser behind a proxy like Cloudflare Access, which adds an assertion to each request, answers the log-out
//! path itself, and forwards everything else.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use axum::extract::{Request, State};
use axum::http::HeaderValue;
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{Html, IntoResponse, Redirect, Response};
use serde_json::json;
use tokio::net::TcpListener;

use super::app::ADMIN;
use super::behind::{ADA, Behind, HEADER};
use crate::support::axe::barriers;
use crate::support::browser::{Browser, Scripts};
use crate::support::waiting::{DEADLINE, until_true};
use telescope::live::events::Change;

/// The assertion that the proxy adds at the moment.
type Assertion = Arc<Mutex<String>>;

async fn proxy(State(assertion): State<Assertion>, mut request: Request, next: Next) -> Response {
    if request.uri().path() == "/cdn-cgi/access/logout" {
        return Html("<!doctype html><title>Gone</title><h1>Signed out at the proxy</h1>").into_response();
    }
    let assertion = HeaderValue::from_str(&assertion.lock().unwrap()).unwrap();
    request.headers_mut().insert("cf-access-jwt-assertion", assertion);
    next.run(request).await
}

/// Telescope behind the proxy, which asserts that Ada has just signed in, and its address.
async fn behind_proxy() -> (Behind, Assertion, String) {
    assert!(HEADER.eq_ignore_ascii_case("cf-access-jwt-assertion"));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let behind = Behind::with(&[("PUBLIC_URL", &url)]).await;
    let assertion: Assertion = Arc::new(Mutex::new(behind.token(ADA)));
    let router = behind.test.router.clone();
    let router = router.layer(from_fn_with_state(Arc::clone(&assertion), proxy));
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await.unwrap() });
    (behind, assertion, url)
}

async fn story(scripts: Scripts) {
    let (behind, assertion, url) = behind_proxy().await;
    behind.test.account(1, Some(ADA)).await;
    let browser = Browser::open(scripts).await;
    browser.goto(&format!("{url}/")).await;
    assert_eq!(browser.text(".who span").await, ADA, "no sign-in was needed");
    assert!(browser.has("tr[data-phone='9996620001']").await, "Ada's account is listed");

    let now = behind.test.app.clock.now().0 / 1000;
    let over = json!({ "iat": now - 900, "nbf": now - 900, "exp": now - 120 });
    *assertion.lock().unwrap() = behind.key.sign(&behind.claims(ADA, over));
    browser.goto(&format!("{url}/accounts")).await;
    let said = browser.text("p[role='alert']").await;
    assert!(said.contains("Cloudflare Access") && said.contains("Reload the page"), "{said}");
    assert!(
        !browser.has("tr[data-phone]").await && !browser.has(".who").await,
        "nothing else is on that page"
    );

    *assertion.lock().unwrap() = behind.token(ADA);
    browser.goto(&format!("{url}/accounts")).await;
    assert_eq!(browser.text(".who span").await, ADA);
    assert_eq!(behind.sign_ins().await, 1, "the same session continues");

    browser.press("Sign out", "body").await;
    crate::support::waiting::until_true("it redirects", crate::support::browser::SOON, async || {
        browser.has("h1").await && browser.text("h1").await == "Signed out at the proxy"
    })
    .await;
    browser.goto(&format!("{url}/accounts")).await;
    assert_eq!(behind.sign_ins().await, 2, "the next assertion starts a new session");
    browser.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_signs_in_and_out_through_its_proxy() {
    story(Scripts::On).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_signs_in_and_out_through_its_proxy_without_javascript() {
    story(Scripts::Off).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_way_to_sign_in_again_at_the_proxy_is_shown_without_barriers() {
    let (behind, assertion, url) = behind_proxy().await;
    let earlier = behind.test.app.clock.now().0 / 1000 - 600;
    let token = behind.claims(ADA, json!({ "iat": earlier, "nbf": earlier, "exp": earlier + 3600 }));
    *assertion.lock().unwrap() = behind.key.sign(&token);
    let browser = Browser::open(Scripts::On).await;
    browser.goto(&format!("{url}/confirm-identity?next=%2Faccounts")).await;
    let said = browser.text("main").await;
    assert!(said.contains("sign in again, and come back to this page"), "{said}");
    let found = barriers(&browser, "confirm identity at the proxy").await;
    assert!(found.is_empty(), "{}", found.join("\n"));
    browser.press("Sign out to sign in again", "main").await;
    until_true("the proxy is reached", DEADLINE, async || {
        browser.has("h1").await && browser.text("h1").await == "Signed out at the proxy"
    })
    .await;
    browser.close().await;
}

/// A proxy with a session of its own: when it has ended, the proxy leads each request to its sign-in page, on another site.
#[derive(Clone)]
struct Gate {
    assertion: Assertion,
    closed: Arc<AtomicBool>,
    sign_in: String,
}

async fn gate(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    if gate.closed.load(Ordering::SeqCst) {
        return Redirect::to(&format!("{}?back={}", gate.sign_in, request.uri().path())).into_response();
    }
    proxy(State(gate.assertion), request, next).await
}

/// The open page can't follow to another site; it has to be loaded again, and what was typed has to be there afterwards.
#[tokio::test(flavor = "multi_thread")]
async fn an_open_page_notices_that_the_proxys_session_has_ended() {
    let [here, there] = ["127.0.0.1:0", "127.0.0.2:0"].map(|at| std::net::TcpListener::bind(at).unwrap());
    let [url, sign_in] = [&here, &there].map(|it| format!("http://{}", it.local_addr().unwrap()));
    let behind = Behind::with(&[("PUBLIC_URL", &url)]).await;
    let assertion: Assertion = Arc::new(Mutex::new(behind.token(ADMIN)));
    let closed = Arc::new(AtomicBool::new(false));
    let gate_state = Gate { assertion: Arc::clone(&assertion), closed: Arc::clone(&closed), sign_in };
    let router = behind.test.router.clone().layer(from_fn_with_state(gate_state, gate));
    let page = Html("<!doctype html><title>Proxy</title><h1>Sign in at the proxy</h1>");
    let elsewhere = axum::Router::new().fallback(axum::routing::get(async move || page));
    for (listener, router) in [(here, router), (there, elsewhere)] {
        listener.set_nonblocking(true).unwrap();
        let listener = TcpListener::from_std(listener).unwrap();
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move { axum::serve(listener, service).await.unwrap() });
    }
    let browser = Browser::open(Scripts::On).await;
    let open = async || {
        browser.goto(&format!("{url}/audit")).await;
        browser.run("document.querySelector('[name=actor]').value = 'typed-text'").await;
    };
    open().await;
    closed.store(true, Ordering::SeqCst);
    // Its stream ends with the token that it was opened with.
    behind.test.app.clock.advance(700);
    behind.test.app.live.events.publish(Change::Policy);
    let is_there = async || browser.has("h1").await && browser.text("h1").await == "Sign in at the proxy";
    until_true("the page is loaded again", DEADLINE, is_there).await;

    *assertion.lock().unwrap() = behind.token(ADMIN);
    closed.store(false, Ordering::SeqCst);
    browser.goto(&format!("{url}/audit")).await;
    assert_eq!(browser.text(".who span").await, ADMIN);
    let typed: String = browser.value("document.querySelector('[name=actor]').value").await;
    assert_eq!(typed, "typed-text", "what was typed is there again");

    // A proxy that leads nowhere: the page says so instead of loading itself for ever.
    *assertion.lock().unwrap() = "nonsense".into();
    behind.test.app.clock.advance(700);
    behind.test.app.live.events.publish(Change::Policy);
    let offers = async || browser.has("#session-notice a, main a.button").await;
    until_true("there is a way on", DEADLINE, offers).await;
    browser.close().await;
}
