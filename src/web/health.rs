//! Probes of containers and load balancers. They tell nothing about the data, so they are answered whatever host they
//! name: a container asks for localhost, a load balancer for an address.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::paths;
use super::state::AppState;

/// Whether a path is one of them.
pub fn is_probe(path: &str) -> bool {
    matches!(path, paths::HEALTH | paths::READY)
}

/// Whether the process works: one that does not is to be restarted.
pub async fn health() -> &'static str {
    "ok\n"
}

/// Whether requests are to be sent here.
pub async fn ready(app: AppState) -> Response {
    match app.stopping.is_cancelled() {
        false => "ready\n".into_response(),
        true => (StatusCode::SERVICE_UNAVAILABLE, "stopping\n").into_response(),
    }
}
