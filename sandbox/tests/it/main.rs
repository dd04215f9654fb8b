//! The sandbox as clients see it: the tests' small client, the real TDLib, and Telethon.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests may be blunt"
)]

#[path = "../common/mod.rs"]
mod common;

mod architecture;
mod bots;
mod chats;
mod deliveries;
mod delivery;
mod emails;
mod faults;
mod keys;
mod launch;
mod launcher;
mod library;
mod load;
mod login;
mod malformed;
mod network;
mod persistence;
mod phones;
mod picture;
mod protocol;
mod qr_login;
mod tdlib;
mod tdlib_bots;
mod tdlib_deliveries;
mod tdlib_devices;
mod tdlib_faults;
mod tdlib_keys;
mod tdlib_logins;
mod tdlib_network;
mod tdlib_process;
mod tdlib_qr_login;
mod tdlib_recovery;
mod telethon;
