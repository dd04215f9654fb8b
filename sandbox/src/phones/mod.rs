//! The page with the test phones: what each phone received, and forms to act on phones and to inject faults.
//!
//! It works without JavaScript: every button is a form, answered with a redirect to the page. A short script reloads the
//! page when something changed. Programs use the same forms, and read `/state.json` and `/requests.json`.
//!
//! The page listens on loopback and has no password, so it is protected against other web sites instead: the host must be
//! an address, not a name that could point here by DNS rebinding, and a form must come from this page.

mod actions;
mod devices;
mod faults;
mod guard;
mod logins;
mod picture;
mod state;
mod view;

use axum::Router;
use axum::extract::{Query, State};
use axum::http::header;
use axum::middleware;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use std::time::Duration;

use crate::handle::Handle;

/// How long a request for news waits before it is answered without any.
const NEWS_TIMEOUT: Duration = Duration::from_secs(25);

/// Serves the page until the server stops.
pub(crate) async fn serve(handle: Handle, listener: tokio::net::TcpListener) {
    if let Err(error) = axum::serve(listener, router(handle)).await {
        tracing::error!(%error, "the page with the test phones has failed");
    }
}

fn router(handle: Handle) -> Router {
    Router::new()
        .route("/", get(page))
        .route("/state.json", get(state::state))
        .route("/requests.json", get(state::requests))
        .route("/news", get(news))
        .route("/phones.css", get(style))
        .route("/phones.js", get(script))
        .route("/phones", post(actions::add))
        .route("/phones/{number}/password", post(actions::password))
        .route("/phones/{number}/password-reset", post(logins::password_reset))
        .route("/phones/{number}/sign-in", post(devices::sign_in))
        .route("/phones/{number}/age", post(devices::age))
        .route("/phones/{number}/name", post(actions::name))
        .route("/phones/{number}/picture", post(picture::picture))
        .route("/phones/{number}/message", post(actions::message))
        .route("/phones/{number}/account", post(actions::account))
        .route("/phones/{number}/sms-code", post(actions::sms_code))
        .route("/phones/{number}/revoke", post(faults::revoke))
        .route("/phones/{number}/expire-code", post(faults::expire_code))
        .route("/phones/{number}/dc", post(faults::dc))
        .route("/phones/{number}/drop-keys", post(faults::drop_keys))
        .route("/phones/{number}/flood", post(faults::flood))
        .route("/phones/{number}/deliveries", post(logins::deliveries))
        .route("/phones/{number}/login-email", post(logins::login_email))
        .route("/phones/{number}/premium", post(logins::premium))
        .route("/phones/{number}/scan", post(logins::scan))
        .route("/bots", post(logins::add_bot))
        .route("/login-tokens", post(logins::token_lifetime))
        .route("/network", post(faults::network))
        .route("/phones/{number}/sessions/{hash}/end", post(devices::end))
        .route("/refusals", post(faults::inject_error))
        .layer(middleware::from_fn(guard::guard))
        .with_state(handle)
}

#[derive(serde::Deserialize)]
struct Search {
    #[serde(default)]
    q: String,
}

async fn page(State(handle): State<Handle>, Query(search): Query<Search>) -> Response {
    match askama::Template::render(&view::Page::new(&handle, search.q)) {
        Ok(html) => Html(html).into_response(),
        Err(error) => {
            tracing::error!(%error, "cannot render the page");
            axum::http::StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

#[derive(serde::Deserialize)]
struct After {
    #[serde(default)]
    after: u64,
}

/// Answers with the number of changes as soon as it differs from what the page knows.
async fn news(State(handle): State<Handle>, Query(After { after }): Query<After>) -> String {
    let mut changes = handle.server().changes.subscribe();
    let waited = tokio::time::timeout(NEWS_TIMEOUT, changes.wait_for(|changes| *changes != after)).await;
    match waited {
        Ok(Ok(changes)) => changes.to_string(),
        _ => after.to_string(),
    }
}

async fn style() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/css")], include_str!("phones.css"))
}

async fn script() -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/javascript")], include_str!("phones.js"))
}
