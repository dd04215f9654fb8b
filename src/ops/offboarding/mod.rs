//! Off-boarding: taking back everything that a person has who leaves the organisation.
//!
//! A review says what they have and know, and changes nothing. A plan is what an access manager chose to do about it, step
//! by step, with what they may not do. A job does it; each step is a line of it, with the functions and audit entries of
//! the pages.

mod begin;
mod person;
mod plan;
mod refusals;
mod review;
mod reviewed;

pub use begin::{Request, begin};
pub(in crate::ops) use person::{is_done, perform, refused};
pub use plan::{Plan, plan, suggested};
pub use refusals::AccountRefusals;
pub use review::review;
pub use reviewed::{Leaver, Reach, Review, ReviewedAccount, ReviewedInvite, ReviewedRole};
