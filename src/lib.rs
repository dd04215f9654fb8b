//! Telescope keeps an organisation's Telegram accounts.

pub mod clock;
pub mod config;
pub mod directory;
pub mod domain;
pub mod keys;
pub mod store;
