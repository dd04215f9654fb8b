//! A small MTProto client for the tests.
#![allow(dead_code, reason = "each test program uses a part of it")]

pub mod client;
pub mod key_exchange;
pub mod login;
pub mod packets;
pub mod requests;
