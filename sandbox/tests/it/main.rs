//! The sandbox from outside: a small client of its own, the real TDLib, and Telethon.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests may be blunt"
)]

mod client;
mod exchange;
mod faults;
mod hostile;
mod kept;
mod launched;
mod library;
mod login;
mod phones;
mod pipe;
mod protocol;
mod support;
mod tdlib;
mod tdlib_faults;
mod telethon;
mod wire;
