//! TDLib's JSON interface, from both of its ends. The only unsafe code of the project.
//!
//! * [`library`] opens `libtdjson` at run time and calls its C functions. The process that runs TDLib uses it.
//! * [`transport`] defines the three C symbols that the crate `tdlib-rs` links to, without any TDLib behind
//!   them: what is sent goes to a function of ours, what comes back is put in by us. The process that
//!   decides what TDLib shall do uses it, so that it can use tdlib-rs' types and functions while TDLib itself
//!   runs elsewhere.
//!
//! One program may use either end; it never needs both in one process.

pub mod library;
pub mod transport;

pub use library::Library;

use std::ffi::c_int;

unsafe extern "C" {
    fn _exit(status: c_int) -> !;
}

/// Ends the process at once, without static destructors: TDLib's crash while clients are alive.
pub fn exit_now(status: i32) -> ! {
    // SAFETY: _exit takes any status, touches no memory of ours and does not return.
    unsafe { _exit(status) }
}
