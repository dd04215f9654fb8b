//! Messages that pages and the command line share.

pub mod errors;
pub mod faults;
pub mod refusals;

pub use errors::sentence;
