//! What Telescope can do: the only place that changes things.
//!
//! Each function takes the [`App`], the proof that its caller may (a grant, from which it takes the account),
//! and plain arguments. It writes the audit entry and the change in one transaction, then acts, then
//! publishes. Pages, commands and jobs all come through here.

pub mod access;
pub mod accounts;
pub mod approval;
mod error;
pub mod export;
mod folder;
pub mod head_file;
pub mod in_touch;
pub mod login;
mod office;
pub mod people;
pub mod record;
pub mod refusals;
pub mod remove;
pub mod retention;
pub mod reveal;
pub mod reveal_password;
pub mod rules;
pub mod seal;
pub mod trail;
pub mod two_step;
pub mod users;

pub use crate::app::App;
pub use error::OpError;
pub use office::Office;
