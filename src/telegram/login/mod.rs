//! TDLib's authorization states as our stages: one file per way to log in. Pure.

mod code;
mod email;
mod password;
mod registration;
mod session_end;
mod stage;

pub use session_end::ending_of;
pub use stage::{Seen, stage_of, unknown_stage};

/// Foreign text that is shown: without control characters, and not long.
fn printable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(200).collect()
}
