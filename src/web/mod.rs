//! The web: the only part that speaks HTTP and HTML.
//!
//! Below is the route table, one line per route; what a handler needs to be allowed to stands in its
//! signature. Around it lie the layers, outermost first: a request is counted, its host checked, its origin
//! checked, and only then does anybody look at who sent it.

mod assets;
pub mod auth;
mod csv;
pub mod error;
mod extract;
mod fragment;
mod layers;
pub mod layout;
pub mod pages;
pub mod rate_limit;
mod routes;
mod standby;
pub mod stream;
pub mod words;

pub use auth::proxy::AssertionExpiry;
pub use auth::session::SessionCache;
pub use pages::audit::feed::AuditFeed;
pub use rate_limit::RateLimiter;
pub use routes::router;
pub use standby::standby;
pub use stream::limit::OpenStreams;
