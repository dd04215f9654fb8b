//! A real nginx in front of the server, as operators put one there.

use axum::http::StatusCode;
use telescope::http::server::Limits;
use tokio::time::timeout;

use super::app::HOST;
use super::behind::{ADA, Behind, HEADER};
use super::limits::serve;
use crate::support::nginx::Nginx;
use crate::support::waiting::DEADLINE;

#[tokio::test(flavor = "multi_thread")]
async fn pages_forms_and_streams_come_through_nginx_at_once() {
    let behind = Behind::new().await;
    let served = serve(&behind.test, Limits::new(100, DEADLINE)).await;
    let location = format!(
        "proxy_set_header Host {HOST};\nproxy_set_header {HEADER} {};\nproxy_set_header X-Forwarded-Proto https;\n\
         proxy_set_header X-Forwarded-Host telescope.example.org;\nproxy_set_header X-Forwarded-Prefix /telescope;\n",
        behind.token(ADA)
    );
    let nginx = Nginx::start(served.address, &location).await;
    let client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let url = |path: &str| format!("http://{}{path}", nginx.address);

    let home = client.get(url("/")).send().await.unwrap();
    assert_eq!(home.status(), StatusCode::SEE_OTHER);
    assert_eq!(home.headers()["location"], "/accounts", "no prefix is added");
    let page = client.get(url("/accounts")).header("accept-encoding", "gzip").send().await.unwrap();
    assert_eq!(page.status(), StatusCode::OK);
    assert_eq!(page.headers()["content-encoding"], "gzip");
    let cookie = page.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
    // Over the kept connections, one after the other and many at once.
    for _ in 0..20 {
        let page = client.get(url("/accounts")).header("cookie", &cookie).send().await.unwrap();
        assert_eq!(page.status(), StatusCode::OK);
    }
    let pages = (0..30).map(|_| client.get(url("/accounts")).header("cookie", &cookie).send());
    for page in futures_util::future::join_all(pages).await {
        assert_eq!(page.unwrap().status(), StatusCode::OK);
    }
    for (origin, status) in [(format!("http://{HOST}"), 303), ("http://evil.example".into(), 403)] {
        let form = client.post(url("/sign-out")).header("cookie", "telescope=none").header("origin", origin);
        assert_eq!(form.send().await.unwrap().status().as_u16(), status);
    }

    let stream =
        client.get(url("/accounts/events")).header("cookie", &cookie).header("accept-encoding", "gzip");
    let mut stream = stream.send().await.unwrap();
    assert_eq!(stream.headers()["cache-control"], "no-cache, no-transform");
    assert!(!stream.headers().contains_key("content-encoding"));
    let mut came = String::new();
    let mut until = async |word: &str| {
        while !came.contains(word) {
            let piece =
                timeout(DEADLINE, stream.chunk()).await.expect("an event comes at once").unwrap().unwrap();
            came.push_str(&String::from_utf8_lossy(&piece));
        }
    };
    until("data:").await;
    behind.test.account(7, Some(ADA)).await;
    until("9996620007").await;
    assert_eq!(nginx.errors(), "", "nginx had nothing to complain about");
}
