//! The one test program: Telescope from outside, the way people and other programs meet it.
//!
//! `stories` are end to end: the real binary, the real TDLib, the sandbox's Telegram, a real browser. `architecture` holds
//! the rules of the sources. `support` is what they are told with. A test waits for the thing itself, with a
//! deadline, and never for a fixed time.

// Test code may be blunt, and clippy only knows `#[test]` functions themselves for test code.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod architecture;
mod rights;
mod sso;
mod store;
mod stories;
mod support;
mod telegram;
mod web;
