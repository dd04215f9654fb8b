//! Shared HTTP code: the server with its limits, and checks that don't depend on pages.

mod activity;
pub mod body;
pub mod client_ip;
pub mod compression;
pub mod headers;
pub mod host;
pub mod listeners;
pub mod rate_limit;
mod raw;
pub mod request_context;
pub mod server;
