//! Telescope keeps an organisation's Telegram accounts.

pub mod clock;
pub mod directory;
pub mod domain;
pub mod process;
pub mod telegram;
