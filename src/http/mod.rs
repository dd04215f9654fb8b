//! What all parts that speak HTTP share: the server with its limits, and the checks that know nothing of pages.

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
