//! Jobs with lines: each line is an action on an account or a person, for the person who started the job.
//!
//! An action is what a page would do, with the same function, the same audit entries and the same rights. Whether its person
//! may do it is decided again when the line is begun, by the rules in the database. A line that Telegram postpones waits
//! and does not hold up the others; one that fails says why and can be retried.
//!
//! To add an action: its variant of [`Action`], its variant of `AuthorizedAction` in `authorized.rs` with the permits that it needs, and
//! its words in `web::words::jobs`.

mod authorized;
mod begin;
mod control;
mod outcome;
mod precheck;
mod report;
mod work;

pub use begin::{Checked, NewLine, begin, check};
pub(in crate::ops) use begin::{is_begun, row};
pub use control::{retry, stop};
pub use precheck::Precheck;
pub use report::{Report, report, tidy};
pub use work::work;
