//! What every request gets first: an id, its client's address, and a span of the log that carries both.

use axum::extract::{MatchedPath, Request};
use axum::http::Method;
use tracing::Span;

use super::client_ip::client;
use crate::domain::{RequestInfo, Subnet};

/// A method's name for the log. Clients may send any, also one of thousands of letters.
fn method(method: &Method) -> &str {
    match method.as_str() {
        name if name.len() <= 16 => name,
        _ => "(long)",
    }
}

/// Notes the request's origin in its extensions; returns the id and the span. The span has the matched route, never the
/// address: addresses may hold what people entered.
pub fn begin(request: &mut Request, trusted_proxies: &[Subnet]) -> (String, Span) {
    let id = uuid::Uuid::now_v7().to_string();
    let route = request.extensions().get::<MatchedPath>().map_or("-", MatchedPath::as_str);
    let address = client(request, trusted_proxies);
    let from = address.map(tracing::field::display);
    let span = tracing::info_span!("request", %id, method = method(request.method()), route, from);
    request.extensions_mut().insert(RequestInfo { address, request: Some(id.clone()) });
    (id, span)
}
