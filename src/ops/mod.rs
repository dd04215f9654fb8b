//! The use cases: the only code that changes state.
//!
//! Each function takes the [`App`], a grant that proves the caller's right (and names the account), and plain arguments.
//! It writes the change and its audit entry in one transaction, then acts, then publishes. Pages, commands and jobs all
//! call these functions.

pub mod access;
pub mod access_seals;
pub mod accounts;
mod applied;
pub mod approvals;
pub mod audit;
pub mod bots;
pub mod confirmation;
pub(crate) mod current;
pub mod device_login;
pub mod devices;
mod error;
pub mod invites;
pub mod lines;
pub mod login;
pub mod offboarding;
pub mod policy;
pub mod proxies;
pub mod publisher;
pub mod reveals;
pub mod sign_in;
pub mod two_step;
pub mod users;

pub use crate::context::{App, Context};
pub use applied::Applied;
pub use error::OpError;
