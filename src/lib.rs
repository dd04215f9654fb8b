//! Telescope keeps an organisation's Telegram accounts.

pub mod app;
pub mod clock;
pub mod config;
pub mod directory;
pub mod domain;
pub mod keys;
pub mod ops;
pub mod process;
pub mod store;
pub mod telegram;
pub mod web;
