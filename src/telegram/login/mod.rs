//! Translates TDLib's authorization states into stages, and its errors into messages. Pure.

mod code;
mod error;
mod session_end;
mod stage;

pub use error::{Refused, explain, flood_wait};
pub use session_end::ending_of;
pub use stage::{stage_of, unknown_stage};
