//! TDLib's authorization states as our stages, and its errors as sentences. Pure.

mod code;
mod error;
mod session_end;
mod stage;

pub use error::{Refused, explain, flood_wait};
pub use session_end::ending_of;
pub use stage::{stage_of, unknown_stage};
