//! The web: the only part that speaks HTTP and HTML.
//!
//! Below is the route table, one line per route; what a handler needs to be allowed to stands in its
//! signature. Around it lie the layers, outermost first: a request is counted, its host checked, its origin
//! checked, and only then is its sender looked up.

mod assets;
pub mod auth;
mod compression;
mod csv;
pub mod error;
mod error_page;
mod extract;
pub mod form;
mod fragment;
mod health;
mod layers;
pub mod layout;
pub mod pages;
pub mod paths;
mod return_to;
mod routes;
mod standby;
pub mod state;
pub mod stream;
pub mod words;

pub use routes::router;
pub use standby::standby;
pub use state::AppState;
