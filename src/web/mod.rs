//! The web: the only part that speaks HTTP and HTML.
//!
//! `routes` is the route table, one line per route; the permissions that a handler needs are in its
//! signature. The layers around it run outermost first: a request is counted, its host checked, its origin
//! checked, and only then its session is looked up.

mod assets;
pub mod auth;
mod compression;
mod csv;
pub mod error;
mod error_page;
mod escape;
mod extract;
pub mod form;
mod fragment;
mod health;
mod layers;
pub mod layout;
pub mod login;
pub mod pages;
pub mod paths;
mod qr_reader;
mod return_to;
mod routes;
mod standby;
pub mod state;
pub mod stream;
mod upload;
pub mod words;

pub use routes::router;
pub use standby::standby;
pub use state::AppState;
