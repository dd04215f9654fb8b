//! The sandbox from outside: a small client of its own, the real TDLib, and Telethon.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests may be blunt"
)]

mod client;
mod delivery;
mod exchange;
mod faults;
mod hostile;
mod kept;
mod keys;
mod launched;
mod library;
mod login;
mod many;
mod network;
mod phones;
mod pipe;
mod protocol;
mod support;
mod tdlib;
mod tdlib_faults;
mod tdlib_keys;
mod tdlib_network;
mod telethon;
mod wire;
