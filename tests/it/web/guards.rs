//! What is turned away, and what every answer carries.

use axum::body::Body;
use axum::http::{Method, StatusCode, header};

use super::app::{ADMIN, Answer, HOST, TestApp, as_htmx, filled};

const CSP: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

fn is_protected(answer: &Answer, what: &str) {
    assert_eq!(answer.header("content-security-policy"), CSP, "{what}");
    assert_eq!(answer.header("referrer-policy"), "same-origin", "{what}");
    assert_eq!(answer.header("x-content-type-options"), "nosniff", "{what}");
    assert_eq!(answer.header("cross-origin-opener-policy"), "same-origin", "{what}");
    // A file is the same for everyone.
    let is_file = answer.header("cache-control").contains("immutable");
    let vary = if is_file { "Accept-Encoding" } else { "HX-Request" };
    assert!(answer.header("vary").contains(vary), "{what}");
    assert!(!answer.header("cache-control").is_empty(), "{what}");
    assert!(!answer.header("x-request-id").is_empty(), "{what}");
}

#[tokio::test]
async fn every_answer_is_protected_also_a_failed_one() {
    let test = TestApp::new().await;
    let root = test.signed_in(ADMIN).await;
    let nobody = test.anonymous();
    let big = "x".repeat(70_000);
    let style = root.get("/accounts").await.attributes("link[rel=stylesheet]", "href").remove(0);
    for (answer, status) in [
        (root.get("/accounts").await, 200),
        (root.get("/").await, 303),
        (nobody.get("/accounts").await, 303),
        (nobody.fragment("/accounts/add").await, 401),
        (root.get("/health").await, 200),
        (root.get(&style).await, 200),
        (root.get("/nothing/here").await, 404),
        (root.get("/accounts/no-id").await, 404),
        (root.get("/accounts/add-test").await, 405),
        (root.post("/accounts/add", &[("phone", "")]).await, 422),
        (root.post("/accounts/add", &[("comment", &big)]).await, 413),
        (root.send(root.request(Method::POST, "/accounts/add").body(Body::from("{}")).unwrap()).await, 415),
        (
            root.send(
                root.request(Method::GET, "/accounts")
                    .header(header::HOST, "two.example")
                    .body(Body::empty())
                    .unwrap(),
            )
            .await,
            421,
        ),
    ] {
        is_protected(&answer, &format!("{status}: {}", answer.body));
        assert_eq!(answer.status.as_u16(), status, "{}", answer.body);
    }
    assert_eq!(root.get("/accounts").await.header("cache-control"), "no-store");
    test.app.db.close().await;
    let away = root.post("/accounts/add", &[("phone", "+49 151 123456")]).await;
    assert_eq!(away.status, StatusCode::SERVICE_UNAVAILABLE);
    is_protected(&away, "503");
    assert_eq!(away.texts("h1"), ["The database is unavailable"]);
}

#[tokio::test]
async fn a_failure_is_a_page_in_words_with_the_number_of_the_request() {
    let test = TestApp::new().await;
    let root = test.signed_in(ADMIN).await;
    for (answer, title) in [
        (root.get("/nothing").await, "Page not found"),
        (root.get("/accounts/add-test").await, "Invalid request"),
        (root.post("/accounts/add", &[("comment", &"x".repeat(70_000))]).await, "Invalid request"),
    ] {
        assert_eq!(answer.texts("h1"), [title]);
        assert_eq!(answer.texts("code"), [answer.header("x-request-id")]);
    }
    let allowed = root.get("/accounts/add-test").await;
    assert!(allowed.header("allow").contains("POST"), "{:?}", allowed.headers);
    let notice = root.fragment("/nothing").await;
    assert_eq!(notice.header("hx-reswap"), "none");
    assert!(notice.body.contains("hx-target=\"#toasts\"") && notice.body.contains("Page not found."));
    assert!(!notice.body.contains("<html"));
}

#[tokio::test]
async fn only_our_own_names_are_answered() {
    let test = TestApp::new().await;
    let nobody = test.anonymous();
    for (host, answered) in [
        (HOST, true),
        ("LOCALHOST:8888", true),
        ("127.0.0.1:8888", true),
        ("[::1]:8888", true),
        ("localhost", false),
        ("localhost:80", false),
        ("localhost:8888.evil.example", false),
        ("evil.example:8888", false),
        ("evil.example", false),
        ("127.0.0.1.evil.example:8888", false),
        ("10.0.0.1:8888", false),
        ("", false),
    ] {
        let request = nobody.request(Method::GET, "/sign-in");
        let mut request = request.body(Body::empty()).unwrap();
        request.headers_mut().insert(header::HOST, host.parse().unwrap());
        let answer = nobody.send(request).await;
        let expected = if answered { StatusCode::OK } else { StatusCode::MISDIRECTED_REQUEST };
        assert_eq!(answer.status, expected, "{host}");
    }
    let mut unnamed = nobody.request(Method::GET, "/sign-in").body(Body::empty()).unwrap();
    unnamed.headers_mut().remove(header::HOST);
    assert_eq!(nobody.send(unnamed).await.status, StatusCode::MISDIRECTED_REQUEST);
    let other_target =
        nobody.request(Method::GET, "http://evil.example/sign-in").body(Body::empty()).unwrap();
    assert_eq!(nobody.send(other_target).await.status, StatusCode::MISDIRECTED_REQUEST);
}

/// They tell nothing, and ask for whatever name or address they know: a container for localhost, a load balancer for an
/// address.
#[tokio::test]
async fn probes_are_answered_whatever_host_they_name() {
    for settings in [&[][..], &[("PUBLIC_URL", "https://localhost:8888")]] {
        let test = TestApp::with(settings).await;
        let nobody = test.anonymous();
        for (path, body) in [("/health", "ok\n"), ("/ready", "ready\n")] {
            for host in [Some("10.1.2.3:8888"), Some("localhost"), Some("evil.example"), Some(""), None] {
                let mut request = nobody.request(Method::GET, path).body(Body::empty()).unwrap();
                request.headers_mut().remove(header::HOST);
                request.headers_mut().remove(header::ORIGIN);
                request.headers_mut().insert("x-forwarded-for", "192.0.2.1".parse().unwrap());
                if let Some(host) = host {
                    request.headers_mut().insert(header::HOST, host.parse().unwrap());
                }
                let answer = nobody.send(request).await;
                assert_eq!((answer.status, answer.body.as_str()), (StatusCode::OK, body), "{host:?}");
                assert!(answer.header("set-cookie").is_empty());
                is_protected(&answer, path);
            }
        }
        test.app.stopping.cancel();
        assert_eq!(nobody.get("/ready").await.status, StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(nobody.get("/health").await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn forms_of_other_sites_are_refused() {
    let test = TestApp::new().await;
    let root = test.signed_in(ADMIN).await;
    for (site, origin, allowed) in [
        (Some("same-origin"), Some("http://localhost:8888"), true),
        (Some("none"), None, true),
        (None, Some("http://localhost:8888"), true),
        (None, None, true),
        (Some("cross-site"), Some("http://evil.example"), false),
        (Some("same-site"), Some("http://other.localhost:8888"), false),
        (None, Some("http://evil.example"), false),
        (None, Some("null"), false),
        (None, Some(""), false),
        (None, Some("https://localhost:8888"), false),
        (Some("same-origin"), Some("https://localhost:8888"), false),
        (None, Some("localhost:8888"), false),
        (None, Some("http://localhost:8888/"), false),
        (None, Some("http://localhost:8889"), false),
    ] {
        let mut request = filled(root.request(Method::POST, "/accounts/add"), &[("phone", "")]);
        request.headers_mut().remove("sec-fetch-site");
        request.headers_mut().remove(header::ORIGIN);
        if let Some(site) = site {
            request.headers_mut().insert("sec-fetch-site", site.parse().unwrap());
        }
        if let Some(origin) = origin {
            request.headers_mut().insert(header::ORIGIN, origin.parse().unwrap());
        }
        let answer = root.send(request).await;
        let expected = if allowed { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::FORBIDDEN };
        assert_eq!(answer.status, expected, "{site:?} {origin:?}");
        if !allowed {
            is_protected(&answer, "cross-site");
            assert_eq!(answer.texts("h1"), ["Access denied"]);
        }
    }
    // Signing in and out are guarded too: nobody may be signed in as somebody else unawares.
    for path in ["/sign-in", "/sign-out"] {
        let mut request = filled(root.request(Method::POST, path), &[("email", "eve@example.org")]);
        request.headers_mut().insert("sec-fetch-site", "cross-site".parse().unwrap());
        assert_eq!(root.send(request).await.status, StatusCode::FORBIDDEN, "{path}");
    }
}

#[tokio::test]
async fn other_sites_read_nothing_and_may_link_here() {
    let test = TestApp::new().await;
    let root = test.signed_in(ADMIN).await;
    let own = format!("http://{HOST}");
    for (site, mode, origin, allowed) in [
        (Some("same-origin"), Some("cors"), None, true),
        (Some("same-origin"), Some("cors"), Some(own.as_str()), true),
        (Some("none"), Some("navigate"), None, true),
        (Some("cross-site"), Some("navigate"), None, true),
        (None, None, None, true),
        (Some("cross-site"), Some("cors"), Some("http://evil.example"), false),
        (Some("cross-site"), Some("no-cors"), None, false),
        (Some("same-site"), Some("cors"), Some("http://localhost:9999"), false),
        (Some("cross-site"), Some("websocket"), Some("http://evil.example"), false),
        (None, None, Some("http://evil.example"), false),
        (None, None, Some("http://localhost:8888.evil.example"), false),
        (None, None, Some("null"), false),
        (None, None, Some(""), false),
        (None, None, Some("https://localhost:8888"), false),
    ] {
        for path in ["/accounts", "/accounts/events", "/jobs/events"] {
            let mut request = root.request(Method::GET, path).body(Body::empty()).unwrap();
            for (name, value) in [("sec-fetch-site", site), ("sec-fetch-mode", mode), ("origin", origin)] {
                request.headers_mut().remove(name);
                if let Some(value) = value {
                    request.headers_mut().insert(name, value.parse().unwrap());
                }
            }
            let status = root.status(request).await;
            let expected = if allowed { StatusCode::OK } else { StatusCode::FORBIDDEN };
            assert_eq!(status, expected, "{path} {site:?} {mode:?} {origin:?}");
        }
    }
}

#[tokio::test]
async fn the_mock_sign_in_is_not_offered_through_a_proxy() {
    let test = TestApp::new().await;
    let nobody = test.anonymous();
    for name in
        ["forwarded", "via", "x-real-ip", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-anything"]
    {
        let request = nobody.request(Method::GET, "/sign-in").header(name, "x").body(Body::empty()).unwrap();
        let answer = nobody.send(request).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{name}");
        assert!(answer.texts("main").join(" ").contains("proxy"), "{name}");
    }
    assert_eq!(nobody.get("/sign-in").await.status, StatusCode::OK);
}

#[tokio::test]
async fn the_session_cookie_is_for_this_site_and_no_script() {
    let test = TestApp::new().await;
    let signed_in = test.anonymous().post("/sign-in", &[("email", "ada@example.org")]).await;
    let cookie = signed_in.header("set-cookie").to_owned();
    assert!(cookie.starts_with("telescope="), "{cookie}");
    for part in ["HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(!cookie.contains("Secure"), "http on this machine: {cookie}");
    assert!(signed_in.header("strict-transport-security").is_empty());
}

#[tokio::test]
async fn behind_https_the_cookie_is_bound_to_the_host() {
    let test = TestApp::with(&[("PUBLIC_URL", "https://localhost:8888")]).await;
    let signed_in = test.anonymous().post("/sign-in", &[("email", "ada@example.org")]).await;
    let cookie = signed_in.header("set-cookie").to_owned();
    assert!(cookie.starts_with("__Host-telescope=") && cookie.contains("Secure"), "{cookie}");
    assert!(signed_in.header("strict-transport-security").contains("max-age="));
}

#[tokio::test]
async fn signing_in_gives_a_new_session_and_signing_out_ends_it() {
    let test = TestApp::new().await;
    let ada = test.signed_in("ada@example.org").await;
    let again = ada.post("/sign-in", &[("email", "bob@example.org")]).await;
    assert_eq!(again.status, StatusCode::SEE_OTHER);
    assert_eq!(ada.get("/accounts").await.status, StatusCode::SEE_OTHER, "the old id is dead");
    let bob = test.signed_in("bob@example.org").await;
    assert_eq!(bob.post("/sign-out", &[]).await.status, StatusCode::SEE_OTHER);
    assert_eq!(bob.get("/accounts").await.header("location"), "/sign-in?why=ended");
    // A dead session stays dead, also from memory.
    test.app.set_database_away(true);
    assert_eq!(bob.get("/accounts").await.status, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn pages_run_from_memory_while_the_database_is_away() {
    let test = TestApp::new().await;
    let ada = test.signed_in("ada@example.org").await;
    let own = test.account(1, Some("ada@example.org")).await;
    assert_eq!(ada.get("/accounts").await.texts("#notices").concat(), "");
    test.app.set_database_away(true);
    test.app.db.close().await;
    let page = ada.get("/accounts").await;
    assert!(page.has(&format!("tr[data-phone='9996620001'][id='account-{own}']")), "{}", page.body);
    assert!(page.texts("#notices").concat().contains("The database is unavailable"));
}

#[tokio::test]
async fn nobody_signed_in_is_shown_the_way() {
    let test = TestApp::new().await;
    let nobody = test.anonymous();
    let page = nobody.get("/accounts?q=a").await;
    assert_eq!(page.header("location"), "/sign-in?next=%2Faccounts%3Fq%3Da");
    let form = nobody.post("/accounts/add", &[("phone", "1")]).await;
    assert_eq!((form.status, form.header("location")), (StatusCode::SEE_OTHER, "/sign-in"));
    let fragment = nobody.fragment("/accounts/add").await;
    assert_eq!((fragment.status, fragment.header("hx-redirect")), (StatusCode::UNAUTHORIZED, "/sign-in"));
    // The history asks for a page, whatever else it says.
    let history = nobody.request(Method::GET, "/accounts").header("hx-request-type", "full");
    assert_eq!(nobody.send(history.body(Body::empty()).unwrap()).await.status, StatusCode::SEE_OTHER);
    let local_redirect =
        nobody.post("/sign-in", &[("email", "a@example.org"), ("next", "/accounts?q=a")]).await;
    assert_eq!(local_redirect.header("location"), "/accounts?q=a");
    let astray = nobody.post("/sign-in", &[("email", "a@example.org"), ("next", "//evil.example")]).await;
    assert_eq!(astray.header("location"), "/");
}

#[tokio::test]
async fn files_are_kept_by_browsers_and_named_by_their_content() {
    let test = TestApp::new().await;
    let nobody = test.anonymous();
    let page = nobody.get("/sign-in").await;
    let script = page.attributes("script", "src").remove(0);
    let answer = nobody.get(&script).await;
    assert!(answer.header("cache-control").contains("immutable"));
    assert!(answer.header("content-type").starts_with("text/javascript"));
    let parts = ["htmx", "hx-sse", "live-state"].map(|part| answer.body.find(part));
    assert!(parts.iter().all(Option::is_some), "{parts:?}");
    let tag = answer.header("etag").to_owned();
    let again = nobody.request(Method::GET, &script).header(header::IF_NONE_MATCH, &tag);
    let again = nobody.send(again.body(Body::empty()).unwrap()).await;
    assert_eq!((again.status, again.body.as_str()), (StatusCode::NOT_MODIFIED, ""));
    assert_eq!(nobody.get("/static/app.0000.js").await.status, StatusCode::NOT_FOUND);
    assert_eq!(nobody.get("/static/..%2fCargo.toml").await.status, StatusCode::NOT_FOUND);
    let htmx = as_htmx(nobody.request(Method::GET, "/static/icon.svg")).body(Body::empty()).unwrap();
    assert!(nobody.send(htmx).await.header("content-type").starts_with("image/svg+xml"));
}
