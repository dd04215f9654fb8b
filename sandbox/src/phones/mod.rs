//! The page of pretend phones: what each phone received, and buttons for what people do with phones.
//!
//! It works without JavaScript: every button is a form, answered with a redirect to the page. A few lines of
//! script fetch the page again when something happened. Tests use the same forms, and read `/state.json` and
//! `/requests.json`.
//!
//! The page listens on loopback and asks for no password, so it guards against other web sites instead: the
//! host must be an address, not a name that somebody may have pointed here, and a form must come from this page.

mod actions;
mod faults;
mod guard;
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

/// How long a page may wait for news before it is told that there is none.
const NEWS: Duration = Duration::from_secs(25);

/// Serves the page until the server stops.
pub(crate) async fn serve(handle: Handle, listener: tokio::net::TcpListener) {
    if let Err(error) = axum::serve(listener, router(handle)).await {
        tracing::error!(%error, "the page of phones is gone");
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
        .route("/phones/{number}/sign-in", post(actions::sign_in))
        .route("/phones/{number}/name", post(actions::name))
        .route("/phones/{number}/message", post(actions::message))
        .route("/phones/{number}/account", post(actions::account))
        .route("/phones/{number}/revoke", post(faults::revoke))
        .route("/phones/{number}/expire-code", post(faults::expire_code))
        .route("/phones/{number}/dc", post(faults::dc))
        .route("/phones/{number}/drop-keys", post(faults::drop_keys))
        .route("/phones/{number}/flood", post(faults::flood))
        .route("/network", post(faults::network))
        .route("/phones/{number}/sessions/{hash}/end", post(actions::end_session))
        .route("/refusals", post(faults::refuse))
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
            tracing::error!(%error, "the page could not be written");
            axum::http::StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

#[derive(serde::Deserialize)]
struct After {
    #[serde(default)]
    after: u64,
}

/// Answers with the number of changes as soon as it is another one than the page knows.
async fn news(State(handle): State<Handle>, Query(After { after }): Query<After>) -> String {
    let mut news = handle.server.news.subscribe();
    let waited = tokio::time::timeout(NEWS, news.wait_for(|changes| *changes != after)).await;
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
