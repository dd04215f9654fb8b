//! Messages that pages and the command line share.

pub mod errors;

pub use errors::sentence;
