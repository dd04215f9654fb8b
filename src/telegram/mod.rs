//! Everything that knows TDLib.
//!
//! ```text
//!   ops ──> Hub ──> one actor per account ──> tdlib-rs ──> virtual transport (tdjson)
//!                       ^  updates                               │ frames
//!                       └────────── Hub's reader <── td-host (child process with libtdjson) <┘
//! ```
//!
//! TDLib runs in child processes, because a fatal error in it ends its process. The [`hub`] starts them again
//! and routes what they say; each account has an [`account`] actor that owns everything about its client;
//! [`login`] translates between TDLib's authorization states and our stages, and is pure.

pub mod checksum;
pub mod client;
pub mod convert;
pub mod frame;
pub mod handle;
pub mod host;
pub mod hub;
pub mod login;
pub mod memory_limit;
mod process;

pub use handle::{AccountHandle, AnswerError, ClientStart, ServiceMessage};
pub use hub::{Hub, HubSettings};
