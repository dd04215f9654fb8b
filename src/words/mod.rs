//! Messages that pages and the command line share.

use crate::domain::direction::isolated;

mod bots;
pub mod errors;
pub mod faults;
pub mod invites;
pub mod refusals;

pub use errors::sentence;

/// What a person wrote, in quotation marks, as part of a sentence.
pub fn quoted(text: &str) -> String {
    format!("“{}”", isolated(text))
}
