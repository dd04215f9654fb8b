//! Telescope behind Cloudflare Access, and browsers that come through it.

use axum::body::Body;
use axum::http::{Method, StatusCode};
use serde_json::{Value, json};
use telescope::clock::Clock;
use telescope::store;

use super::app::{Answer, TestApp, Visitor, as_htmx};
use crate::sso::issuer::{Answering, Issuer, SigningKey};

/// The header with the assertion.
pub const HEADER: &str = "Cf-Access-Jwt-Assertion";
/// The audience tag.
pub const TAG: &str = "4714c1358e65fe4b408ad6d432a5f878";
pub const ADA: &str = "ada@example.org";

/// Telescope behind Cloudflare Access, with a clock that the test advances.
pub struct Behind {
    pub test: TestApp,
    pub issuer: Issuer,
    pub key: SigningKey,
}

impl Behind {
    /// A new instance with the usual settings.
    pub async fn new() -> Self {
        Self::with(&[]).await
    }

    /// A new instance with more settings; the first value of a setting wins.
    pub async fn with(more: &[(&str, &str)]) -> Self {
        let key = SigningKey::rs256("one", 0);
        let issuer = Issuer::start(Answering::Keys(vec![key.clone()])).await;
        let certs = issuer.certs();
        let proxy = [
            ("SSO_MODE", "cloudflare"),
            ("CLOUDFLARE_ACCESS_CERTS", certs.as_str()),
            ("CLOUDFLARE_POLICY_AUD", TAG),
        ];
        let settings: Vec<_> = more.iter().copied().chain(proxy).collect();
        let test = TestApp::with_clock(&settings, Clock::manual(Clock::System.now())).await;
        Self { test, issuer, key }
    }

    /// Claims about a person that are valid for ten minutes, with some of them replaced.
    pub fn claims(&self, email: &str, changed: Value) -> Value {
        let now = self.test.app.clock.now().0 / 1000;
        let mut claims = json!({
            "aud": [TAG], "iss": self.issuer.name(), "email": email, "sub": format!("subject-of-{email}"),
            "iat": now, "nbf": now, "exp": now + 600, "type": "app", "country": "NL",
        });
        for (name, value) in changed.as_object().unwrap() {
            claims[name] = value.clone();
        }
        claims
    }

    /// An assertion that is valid for ten minutes.
    pub fn token(&self, email: &str) -> String {
        self.key.sign(&self.claims(email, json!({})))
    }

    /// A browser with this assertion and no session yet.
    pub fn browser(&self, token: &str) -> Browser {
        Browser { visitor: self.test.anonymous(), token: token.to_owned() }
    }

    /// A browser with an assertion and a session.
    pub async fn at_home(&self, email: &str) -> Browser {
        let mut browser = self.browser(&self.token(email));
        let answer = browser.get("/accounts").await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        browser.keep(&answer);
        browser
    }

    /// The number of sign-ins in the audit log.
    pub async fn sign_ins(&self) -> usize {
        let conn = &mut self.test.app.db.read().await.unwrap();
        let entries = store::audit::page(conn, &store::audit::Filter::default(), 1000).await.unwrap();
        entries.iter().filter(|entry| entry.code == "web.sign-in").count()
    }

    /// Sends a request with only these headers.
    pub async fn bare(&self, headers: &[(&str, &str)]) -> Answer {
        let mut request = self.test.anonymous().request(Method::GET, "/accounts");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.test.anonymous().send(request.body(Body::empty()).unwrap()).await
    }
}

/// A browser, and the assertion that the proxy adds to its requests.
#[derive(Clone)]
pub struct Browser {
    pub visitor: Visitor,
    pub token: String,
}

impl Browser {
    /// A request with the cookie and the assertion.
    pub fn request(&self, method: Method, path: &str) -> axum::http::request::Builder {
        self.visitor.request(method, path).header(HEADER, &self.token)
    }

    /// Opens a page.
    pub async fn get(&self, path: &str) -> Answer {
        self.visitor.send(self.request(Method::GET, path).body(Body::empty()).unwrap()).await
    }

    /// Stores the cookie of an answer.
    pub fn keep(&mut self, answer: &Answer) {
        let cookie = answer.header("set-cookie").split(';').next().unwrap();
        assert!(cookie.starts_with("telescope="), "{cookie}");
        self.visitor = self.visitor.with_cookie(cookie);
    }

    /// Opens a live stream.
    pub async fn stream(&self, path: &str) -> axum::body::BodyDataStream {
        self.visitor.stream_of(as_htmx(self.request(Method::GET, path))).await
    }
}
