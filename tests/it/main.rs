//! The one test program: stories that go through the parts of Telescope together.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may be blunt, also in its helpers"
)]

mod store;
mod support;
