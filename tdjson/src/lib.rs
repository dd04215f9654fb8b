//! Both ends of TDLib's JSON interface. This crate has the project's only unsafe code.
//!
//! * [`library`] opens `libtdjson` at run time and calls its C functions. The process that runs TDLib uses it.
//! * [`transport`] defines the three C symbols that the crate `tdlib-rs` links to, without TDLib: requests go to a
//!   registered sender, and the program delivers the answers. The process that controls TDLib uses it, so that it can use
//!   the types and functions of tdlib-rs while TDLib runs in another process.
//!
//! No process needs both.

pub mod library;
pub mod transport;

pub use library::Library;

use std::ffi::c_int;

unsafe extern "C" {
    fn _exit(status: c_int) -> !;
}

/// Exits the process at once, without static destructors: TDLib's destructors crash while clients are open.
pub fn exit_now(status: i32) -> ! {
    // SAFETY: _exit takes any status, accesses no memory of the program and does not return.
    unsafe { _exit(status) }
}
