//! Signing in through an OpenID provider: the expected flows, and every way in which they must fail. The provider is a
//! strict one that can be made to lie; `real` uses a real provider and a real browser.

mod claims;
mod confirming;
mod pending;
mod provider;
mod real;
mod right;
mod wrong;

use axum::http::StatusCode;

use super::app::{Answer, TestApp, Visitor};
use provider::Provider;

/// Telescope and the provider through which people sign in.
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
        // The first value of a setting wins.
        let settings: Vec<_> = more.iter().copied().chain(provider.settings()).collect();
        let clock = telescope::clock::Clock::manual(telescope::clock::Clock::System.now());
        let test = TestApp::with_clock(&settings, clock).await;
        Self { test, provider }
    }

    /// Starts a sign-in; returns the browser and the provider's address to which it is redirected.
    async fn begin(&self, visitor: &Visitor, next: &str) -> (Visitor, String) {
        let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
        let answer = visitor.get(&format!("/sign-in/start?{query}")).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        (visitor.after(&answer), answer.header("location").to_owned())
    }

    /// Performs a whole sign-in; returns the browser and the last answer.
    pub(super) async fn complete(&self) -> (Visitor, Answer) {
        let (visitor, question) = self.begin(&self.test.anonymous(), "/jobs").await;
        let answer = visitor.get(&self.provider.authorize(&question)).await;
        (visitor.after(&answer), answer)
    }

    /// Performs a sign-in that must succeed.
    pub(super) async fn signed_in(&self) -> Visitor {
        let (visitor, answer) = self.complete().await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.body);
        visitor
    }
}

pub(super) async fn is_signed_in(visitor: &Visitor) -> bool {
    visitor.get("/accounts").await.status == StatusCode::OK
}

/// The query parameters of a callback.
fn callback_query(callback: &str) -> telescope::sso::oidc::Answer {
    let (_, query) = callback.split_once('?').unwrap();
    serde_html_form::from_str(query).unwrap()
}
