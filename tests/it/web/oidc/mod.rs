//! Signing in through an OpenID provider: as it should go, and every way in which it should not. The provider here is
//! a strict one that can be made to lie; the last story is lived with a real provider program and a real browser.

mod claims;
mod pending;
mod provider;
mod real;
mod right;
mod wrong;

use axum::http::StatusCode;

use super::app::{Answer, TestApp, Visitor};
use provider::Provider;

/// A Telescope whose people sign in through a provider, and that provider.
pub(super) struct Scene {
    pub(super) test: TestApp,
    pub(super) provider: Provider,
}

impl Scene {
    async fn new() -> Self {
        Self::with(&[]).await
    }

    pub(super) async fn with(more: &[(&str, &str)]) -> Self {
        let provider = Provider::start().await;
        // The first value of a setting counts.
        let settings: Vec<_> = more.iter().copied().chain(provider.settings()).collect();
        let clock = telescope::clock::Clock::manual(telescope::clock::Clock::System.now());
        let test = TestApp::with_clock(&settings, clock).await;
        Self { test, provider }
    }

    /// A browser on its way to the provider, and where it is sent.
    async fn begin(&self, visitor: &Visitor, next: &str) -> (Visitor, String) {
        let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
        let answer = visitor.get(&format!("/sign-in/start?{query}")).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        (visitor.after(&answer), answer.header("location").to_owned())
    }

    /// A browser that goes the whole way; it, and the last answer.
    pub(super) async fn whole_way(&self) -> (Visitor, Answer) {
        let (visitor, question) = self.begin(&self.test.anonymous(), "/jobs").await;
        let answer = visitor.get(&self.provider.authorize(&question)).await;
        (visitor.after(&answer), answer)
    }

    /// The same; that it works is taken for granted.
    pub(super) async fn signed_in(&self) -> Visitor {
        let (visitor, answer) = self.whole_way().await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        visitor
    }
}

pub(super) async fn is_signed_in(visitor: &Visitor) -> bool {
    visitor.get("/accounts").await.status == StatusCode::OK
}

/// What a browser brings that comes back this way.
fn brought(way: &str) -> telescope::sso::oidc::Answer {
    let (_, query) = way.split_once('?').unwrap();
    serde_html_form::from_str(query).unwrap()
}
