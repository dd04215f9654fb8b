//! What Telescope can do: the only place that changes things.
//!
//! Each function takes the [`App`], the proof that its caller may (a grant, from which it takes the account),
//! and plain arguments. It writes the audit entry and the change in one transaction, then acts, then
//! publishes. Pages, commands and jobs all come through here.

pub mod access;
pub mod access_seals;
pub mod accounts;
mod applied;
pub mod approvals;
pub mod audit;
pub(crate) mod current;
mod error;
pub mod login;
pub mod policy;
pub mod publisher;
pub mod reveals;
pub mod sign_in;
pub mod two_step;
pub mod users;

pub use crate::context::{App, Context};
pub use applied::Applied;
pub use error::OpError;
