//! The integration tests.
//!
//! `stories` are end-to-end tests with the real binary, the real TDLib, the sandbox's Telegram and a real browser.
//! `architecture` checks the rules for the sources. `support` has shared helpers. A test waits for a condition, with a
//! deadline, and never for a fixed time.

// Tests may panic; clippy only recognises `#[test]` functions as tests, not their helpers.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod architecture;
mod rights;
mod sso;
mod store;
mod stories;
mod support;
mod telegram;
mod web;
