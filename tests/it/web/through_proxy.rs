//! A real browser that comes through a proxy in front of Telescope, as through Cloudflare Access: the proxy adds its
//! signed word to each request, answers the log-out path itself, and lets everything else through.

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
use crate::support::browser::{Browser, Scripts};
use crate::support::waiting::{DEADLINE, until_true};
use telescope::live::events::Change;

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

/// A proxy with a session of its own: when it has ended, the proxy leads each request to its sign-in page, on another site.
#[derive(Clone)]
struct Gate {
    word: Word,
    closed: Arc<AtomicBool>,
    sign_in: String,
}

async fn gate(State(gate): State<Gate>, request: Request, next: Next) -> Response {
    if gate.closed.load(Ordering::SeqCst) {
        return Redirect::to(&format!("{}?back={}", gate.sign_in, request.uri().path())).into_response();
    }
    proxy(State(gate.word), request, next).await
}

/// The open page can't follow to another site; it has to be loaded again, and what was typed has to be there afterwards.
#[tokio::test(flavor = "multi_thread")]
async fn an_open_page_notices_that_the_proxys_session_has_ended() {
    let [here, there] = ["127.0.0.1:0", "127.0.0.2:0"].map(|at| std::net::TcpListener::bind(at).unwrap());
    let [url, sign_in] = [&here, &there].map(|it| format!("http://{}", it.local_addr().unwrap()));
    let behind = Behind::with(&[("PUBLIC_URL", &url)]).await;
    let word: Word = Arc::new(Mutex::new(behind.token(ADMIN)));
    let closed = Arc::new(AtomicBool::new(false));
    let gate_state = Gate { word: Arc::clone(&word), closed: Arc::clone(&closed), sign_in };
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

    *word.lock().unwrap() = behind.token(ADMIN);
    closed.store(false, Ordering::SeqCst);
    browser.goto(&format!("{url}/audit")).await;
    assert_eq!(browser.text(".who span").await, ADMIN);
    let typed: String = browser.value("document.querySelector('[name=actor]').value").await;
    assert_eq!(typed, "typed-text", "what was typed is there again");

    // A proxy that leads nowhere: the page says so instead of loading itself for ever.
    *word.lock().unwrap() = "nonsense".into();
    behind.test.app.clock.advance(700);
    behind.test.app.live.events.publish(Change::Policy);
    let offers = async || browser.has("#session-notice a, main a.button").await;
    until_true("there is a way on", DEADLINE, offers).await;
    browser.close().await;
}
