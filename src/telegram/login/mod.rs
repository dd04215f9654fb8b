//! TDLib's authorization states as our stages. Pure.

mod code;
mod session_end;
mod stage;

pub use session_end::ending_of;
pub use stage::{stage_of, unknown_stage};
