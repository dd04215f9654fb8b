//! All code that knows TDLib.
//!
//! ```text
//!   ops ──> Hub ──> one client task per account ──> tdlib-rs ──> virtual transport (tdjson)
//!                       ^  updates                               │ frames
//!                       └────────── Hub's reader <── td-host (child process with libtdjson) <┘
//! ```
//!
//! TDLib runs in child processes, because a fatal error in it ends its process. The [`hub`] restarts them; `routes` hands
//! their messages to the accounts' tasks. Each account has a task ([`client`]) that owns everything about its client.
//! [`login`] translates TDLib's authorization states into stages, and is pure.

pub mod checksum;
pub mod client;
pub mod convert;
pub mod frame;
pub mod handle;
pub mod host;
pub mod hosts;
pub mod hub;
pub mod login;
pub mod memory_limit;
mod process;
mod proxy;
pub mod proxy_test;
mod routes;
pub mod settings;

pub use handle::{AccountHandle, AnswerError, ClientStart, LoginCode, LoginCodes};
pub use hosts::{HostSettings, Hosts};
pub use hub::Hub;
pub use proxy::{Proxy, ProxyUse};
pub use settings::{HubSettings, Observer};
