//! What nobody may take: all connections, all the time, all the memory. On a real listener, with clients that are slow
//! or silent.

use std::net::SocketAddr;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{Method, StatusCode, header};
use futures_util::{StreamExt, stream};
use telescope::clock::Clock;
use telescope::http::server::{self, Limits};
use telescope::store;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout};

use super::app::{ADMIN, HOST, TestApp, filled};
use crate::support::waiting::DEADLINE;

/// How long anything may take that has to happen.
const SOON: Duration = DEADLINE;

/// The pages on a listener of their own.
pub(super) struct Served {
    pub(super) address: SocketAddr,
    stop: oneshot::Sender<()>,
    server: JoinHandle<()>,
}

pub(super) async fn serve(test: &TestApp, limits: Limits) -> Served {
    serve_at("127.0.0.1:0", test, limits).await
}

/// The same on another address.
pub(super) async fn serve_at(place: &str, test: &TestApp, limits: Limits) -> Served {
    let listener = TcpListener::bind(place).await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    let router = test.router.clone();
    let server = tokio::spawn(server::serve(listener, router, limits, async { drop(stopped.await) }));
    Served { address, stop, server }
}

pub(super) async fn connect(served: &Served) -> TcpStream {
    TcpStream::connect(served.address).await.unwrap()
}

/// A request for `/health`, which may be followed by another.
fn health() -> String {
    format!("GET /health HTTP/1.1\r\nhost: {HOST}\r\n\r\n")
}

/// Reads until `end` came or the connection is closed; all that came.
pub(super) async fn read(client: &mut TcpStream, end: &str) -> String {
    let mut came = String::new();
    let mut piece = [0; 4096];
    while !came.contains(end) {
        match timeout(SOON, client.read(&mut piece)).await.expect("something comes, or the end") {
            Ok(0) | Err(_) => break,
            Ok(read) => came.push_str(&String::from_utf8_lossy(&piece[..read])),
        }
    }
    came
}

#[tokio::test]
async fn whoever_sends_a_head_letter_by_letter_is_cut_off() {
    let test = TestApp::new().await;
    let served = serve(&test, Limits { head: Duration::from_secs(2), ..Limits::new(100, SOON * 3) }).await;
    let mut slow = connect(&served).await;
    let begun = Instant::now();
    let mut sent = 0;
    slow.write_all(b"GET /health HTTP/1.1\r\nx: ").await.unwrap();
    // Each letter comes in good time after the one before; it is the whole that takes too long.
    while slow.write_all(b"x").await.is_ok() {
        sent += 1;
        let mut piece = [0; 64];
        let closed = timeout(Duration::from_millis(50), slow.read(&mut piece)).await;
        if matches!(closed, Ok(Ok(0) | Err(_))) {
            break;
        }
        assert!(begun.elapsed() < SOON, "cut off after {sent} letters");
    }
    assert!(sent > 3, "it was not closed at once: {sent}");
    let mut silent = connect(&served).await;
    assert_eq!(read(&mut silent, "\n").await, "", "whoever says nothing is cut off, too");
}

/// A proxy's pool keeps connections for a minute or more; only the head of a request has to come soon.
#[tokio::test]
async fn a_connection_waits_longer_for_its_next_request_than_for_the_rest_of_a_head() {
    let test = TestApp::new().await;
    let (head, keep_alive) = (Duration::from_millis(500), Duration::from_secs(8));
    let served = serve(&test, Limits { head, ..Limits::new(100, keep_alive) }).await;
    let mut kept = connect(&served).await;
    for _ in 0..3 {
        kept.write_all(health().as_bytes()).await.unwrap();
        assert!(read(&mut kept, "ok\n").await.starts_with("HTTP/1.1 200"));
        let mut piece = [0; 64];
        let early = timeout(head * 2, kept.read(&mut piece)).await;
        assert!(early.is_err(), "it stays open between two requests: {early:?}");
    }
    let idle = Instant::now();
    assert_eq!(read(&mut kept, "\n").await, "", "an unused connection is closed");
    assert!(idle.elapsed() < SOON);

    let mut slow = connect(&served).await;
    slow.write_all(health().as_bytes()).await.unwrap();
    assert!(read(&mut slow, "ok\n").await.starts_with("HTTP/1.1 200"));
    let begun = Instant::now();
    slow.write_all(b"GET /health HTTP/1.1\r\nx: ").await.unwrap();
    assert_eq!(read(&mut slow, "\n").await, "", "the next head has the time of a head");
    assert!(begun.elapsed() < keep_alive, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn connections_are_bounded_and_whoever_waits_is_served_when_one_ends() {
    let test = TestApp::new().await;
    let served = serve(&test, Limits { head: SOON * 3, ..Limits::new(3, SOON * 3) }).await;
    let mut holding = Vec::new();
    for _ in 0..3 {
        let mut client = connect(&served).await;
        client.write_all(health().as_bytes()).await.unwrap();
        assert!(read(&mut client, "ok\n").await.starts_with("HTTP/1.1 200"));
        holding.push(client);
    }
    let mut fourth = connect(&served).await;
    fourth.write_all(health().as_bytes()).await.unwrap();
    let mut piece = [0; 64];
    let early = timeout(Duration::from_millis(300), fourth.read(&mut piece)).await;
    assert!(early.is_err(), "no place is free: {early:?}");
    holding.pop();
    assert!(read(&mut fourth, "ok\n").await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn silent_connections_do_not_keep_others_out() {
    let test = TestApp::new().await;
    let served = serve(&test, Limits { head: Duration::from_millis(300), ..Limits::new(5, SOON * 3) }).await;
    let mut silent = Vec::new();
    for _ in 0..40 {
        silent.push(connect(&served).await);
    }
    let mut client = connect(&served).await;
    client.write_all(health().as_bytes()).await.unwrap();
    assert!(read(&mut client, "ok\n").await.starts_with("HTTP/1.1 200"));
}

/// Whoever asks and asks, and never reads what he is answered.
#[tokio::test]
async fn deaf_connections_do_not_keep_others_out() {
    let test = TestApp::new().await;
    let served =
        serve(&test, Limits { unread: Duration::from_millis(500), ..Limits::new(3, SOON * 3) }).await;
    let asking = format!("GET /static/app.css HTTP/1.1\r\nhost: {HOST}\r\n\r\n").repeat(2000);
    let mut deaf = Vec::new();
    for _ in 0..3 {
        let mut client = connect(&served).await;
        // Until neither side takes any more.
        let _ = timeout(Duration::from_millis(300), client.write_all(asking.as_bytes())).await;
        deaf.push(client);
    }
    let mut client = connect(&served).await;
    client.write_all(health().as_bytes()).await.unwrap();
    assert!(read(&mut client, "ok\n").await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn a_head_that_is_too_large_is_refused() {
    let test = TestApp::new().await;
    let served = serve(&test, Limits::new(10, SOON * 3)).await;
    let lines = (0..200).map(|line| format!("x-{line}: y\r\n")).collect::<String>();
    let long = format!("x: {}\r\n", "y".repeat(200_000));
    for head in [lines, long] {
        let mut client = connect(&served).await;
        let request = format!("GET /health HTTP/1.1\r\nhost: {HOST}\r\n{head}\r\n");
        // It may be refused before all of it was sent.
        let _ = client.write_all(request.as_bytes()).await;
        let answer = read(&mut client, "\r\n\r\n").await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 431"), "{answer}");
        assert!(answer.is_empty() || is_protected(&answer), "{answer}");
    }
}

/// Whether an answer has the headers of all others, also one that no page made.
fn is_protected(answer: &str) -> bool {
    [
        "content-security-policy: default-src 'none'",
        "x-content-type-options: nosniff",
        "cache-control: no-store",
        "x-request-id: ",
    ]
    .iter()
    .all(|header| answer.contains(&format!("\r\n{header}")))
}

#[tokio::test]
async fn what_is_no_request_is_refused_with_the_headers_of_every_answer() {
    let test = TestApp::new().await;
    let served = serve(&test, Limits::new(10, SOON * 3)).await;
    let long = format!("GET /{} HTTP/1.1\r\nhost: {HOST}\r\n\r\n", "a".repeat(66_000));
    for (request, status) in [
        ("nonsense\r\n\r\n", 400),
        ("GET /health HTTP/1.1\r\nhost : x\r\n\r\n", 400),
        ("GET /health HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n", 400),
        (long.as_str(), 414),
        // Heads with bare line feeds, which proxies may split in another way.
        (&format!("GET /health HTTP/1.1\nhost: {HOST}\n\n"), 400),
        (&format!("GET /health HTTP/1.1\r\nhost: {HOST}\nx: y\r\n\r\n"), 400),
        (&format!("GET /health HTTP/1.1\r\nhost: {HOST}\r\n\n"), 400),
    ] {
        let mut client = connect(&served).await;
        let _ = client.write_all(request.as_bytes()).await;
        let answer = read(&mut client, "never").await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{}: {answer}", &request[..20]);
        assert!(is_protected(&answer) && answer.contains("connection: close"), "{answer}");
    }
    // The body of a form may have any line ends, also in the piece that its head came in, and so may the next.
    let mut client = connect(&served).await;
    let form = "email=nonsense%0A\n\nx=1";
    for _ in 0..2 {
        let request = format!(
            "POST /sign-in HTTP/1.1\r\nhost: {HOST}\r\nsec-fetch-site: same-origin\r\ncontent-length: {}\r\n\
             content-type: application/x-www-form-urlencoded\r\n\r\n{form}",
            form.len()
        );
        client.write_all(request.as_bytes()).await.unwrap();
        let answer = read(&mut client, "</html>").await;
        assert!(answer.starts_with("HTTP/1.1 422"), "{answer}");
    }
}

#[tokio::test]
async fn open_requests_are_answered_when_it_stops_and_nobody_else_is() {
    let test = TestApp::new().await;
    let root = test.signed_in(ADMIN).await;
    let served = serve(&test, Limits::new(10, SOON * 3)).await;
    let request = root.request(Method::GET, "/accounts/events").body(Body::empty()).unwrap();
    let cookie = request.headers()[header::COOKIE].to_str().unwrap().to_owned();
    let mut open = connect(&served).await;
    let head = format!("GET /accounts/events HTTP/1.1\r\nhost: {HOST}\r\ncookie: {cookie}\r\n\r\n");
    open.write_all(head.as_bytes()).await.unwrap();
    assert!(read(&mut open, "data:").await.starts_with("HTTP/1.1 200"));
    let mut idle = connect(&served).await;
    idle.write_all(health().as_bytes()).await.unwrap();
    read(&mut idle, "ok\n").await;
    served.stop.send(()).unwrap();
    assert_eq!(read(&mut idle, "\n").await, "", "an idle connection ends at once");
    assert!(TcpStream::connect(served.address).await.is_err(), "nobody is accepted any more");
    assert!(!served.server.is_finished(), "the stream is still open");
    test.app.stopping.cancel();
    timeout(SOON, served.server).await.expect("it ends with its last stream").unwrap();
}

#[tokio::test]
async fn a_form_that_does_not_arrive_is_not_waited_for() {
    let test = TestApp::new().await;
    let nobody = test.anonymous();
    let drips =
        stream::iter([Ok::<_, std::io::Error>(Bytes::from_static(b"email="))]).chain(stream::pending());
    let request = filled(nobody.request(Method::POST, "/sign-in"), &[]);
    let (parts, _) = request.into_parts();
    tokio::time::pause();
    let asked = nobody.send(axum::http::Request::from_parts(parts, Body::from_stream(drips)));
    let answer = timeout(Duration::from_secs(60), asked).await.expect("it is not waited for");
    assert_eq!(answer.status, StatusCode::REQUEST_TIMEOUT);
    assert!(answer.texts("main p").join(" ").contains("didn't arrive in time"), "{}", answer.body);
}

#[tokio::test]
async fn a_form_of_too_many_fields_is_refused() {
    let test = TestApp::new().await;
    let root = test.signed_in(ADMIN).await;
    let form = |fields: usize| (0..fields).map(|_| ("phone", "")).collect::<Vec<_>>();
    let answer = root.post("/accounts/add-test", &form(1001)).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    assert!(answer.texts("main p").join(" ").contains("1000 fields"), "{}", answer.body);
    assert_eq!(root.post("/accounts/add-test", &form(1000)).await.status, StatusCode::SEE_OTHER);
    let query = vec!["q=a"; 1001].join("&");
    assert_eq!(root.get(&format!("/accounts?{query}")).await.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn the_trail_has_the_address_and_the_request_of_whoever_acts() {
    let test = TestApp::new().await;
    let served = serve(&test, Limits::new(10, SOON * 3)).await;
    let mut client = connect(&served).await;
    let form = format!("email={}", ADMIN.replace('@', "%40"));
    let request = format!(
        "POST /sign-in HTTP/1.1\r\nhost: {HOST}\r\nsec-fetch-site: same-origin\r\ncontent-length: {}\r\n\
         content-type: application/x-www-form-urlencoded\r\nconnection: close\r\n\r\n{form}",
        form.len()
    );
    client.write_all(request.as_bytes()).await.unwrap();
    let answer = read(&mut client, "never").await;
    assert!(answer.starts_with("HTTP/1.1 303"), "{answer}");
    let value = |name: &str| {
        let line = answer.lines().find_map(|line| line.strip_prefix(&format!("{name}: ")));
        line.unwrap_or_else(|| panic!("{name}: {answer}")).to_owned()
    };
    let (id, cookie) = (value("x-request-id"), value("set-cookie"));
    let entries = async || {
        let conn = &mut test.app.db.read().await.unwrap();
        store::audit::page(conn, &store::audit::Filter::default(), 9).await.unwrap()
    };
    let entry = entries().await.remove(0);
    assert_eq!((entry.code.as_str(), entry.address.as_deref()), ("web.sign-in", Some("127.0.0.1")));
    assert_eq!(entry.request_id, Some(id.clone()));

    let mut client = connect(&served).await;
    let cookie = cookie.split(';').next().unwrap();
    let request = format!(
        "POST /accounts/add-test HTTP/1.1\r\nhost: {HOST}\r\nsec-fetch-site: same-origin\r\ncookie: {cookie}\r\n\
         connection: close\r\n\r\n"
    );
    client.write_all(request.as_bytes()).await.unwrap();
    assert!(read(&mut client, "never").await.starts_with("HTTP/1.1 303"));
    let entry = entries().await.remove(0);
    assert_eq!((entry.code.as_str(), entry.address.as_deref()), ("account.added", Some("127.0.0.1")));
    assert!(entry.request_id.is_some_and(|later| later != id), "each request has its own number");
    let page = test.signed_in(ADMIN).await.get("/audit").await;
    assert!(page.texts("tbody td").iter().any(|cell| cell == &format!("{ADMIN} from 127.0.0.1")));
}

#[tokio::test]
async fn from_one_address_so_many_sign_ins_fail_in_a_minute() {
    let test = TestApp::with_clock(&[("SIGN_INS_PER_MINUTE", "3")], Clock::manual(Clock::System.now())).await;
    let served = serve(&test, Limits::new(10, SOON * 3)).await;
    let try_it = async |email: &str| {
        let mut client = connect(&served).await;
        let form = format!("email={email}");
        let request = format!(
            "POST /sign-in HTTP/1.1\r\nhost: {HOST}\r\nsec-fetch-site: same-origin\r\ncontent-length: {}\r\n\
             content-type: application/x-www-form-urlencoded\r\nconnection: close\r\n\r\n{form}",
            form.len()
        );
        client.write_all(request.as_bytes()).await.unwrap();
        read(&mut client, "never").await
    };
    for _ in 0..5 {
        assert!(
            try_it("ada%40example.org").await.starts_with("HTTP/1.1 303"),
            "those that succeed don't count"
        );
    }
    for _ in 0..3 {
        assert!(try_it("nonsense").await.starts_with("HTTP/1.1 422"));
    }
    let refused = try_it("ada%40example.org").await;
    assert!(refused.starts_with("HTTP/1.1 429") && refused.contains("limited to 3 a minute"), "{refused}");
    test.app.clock.advance(60);
    assert!(try_it("ada%40example.org").await.starts_with("HTTP/1.1 303"), "after a minute it goes on");
}
