//! Inviting many people with a list: it is checked as a whole, then a job creates an invite for each line.

mod begin;
mod check;
mod make;
mod result;
mod send;
mod stop;

pub use super::link::Link;
pub use begin::{Common, begin, check_common, preview};
pub use check::{Checked, CheckedLine, digest};
pub use make::make_next;
pub use result::{EmailState, LineState, ResultLine, forget_old, result, retry};
pub(super) use send::note;
pub use send::send_next;
pub use stop::stop;

/// How long the lines of a list are kept, in seconds.
const KEPT: i64 = 7 * super::DAY;
