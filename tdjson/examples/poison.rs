//! A TDLib that crashes, for the test that finds the account which makes TDLib crash.
//!
//! It forwards all calls to the real library, whose path is in the file `poison.library` in the working directory. When
//! it opens a folder that contains a file called `poison`, it aborts its process, as TDLib's fatal errors do.

use std::ffi::{CStr, c_char, c_double, c_int};
use std::path::Path;
use std::sync::LazyLock;

type LogCallback = Option<unsafe extern "C" fn(c_int, *const c_char)>;

static LIBRARY: LazyLock<libloading::Library> = LazyLock::new(|| {
    let path = std::fs::read_to_string("poison.library").unwrap_or_default();
    // SAFETY: every user of this example makes sure that the file names a TDLib.
    match unsafe { libloading::Library::new(path.trim()) } {
        Ok(library) => library,
        Err(error) => {
            eprintln!("poison: {error}");
            std::process::exit(2)
        }
    }
});

/// A function of the real library.
fn real<T: Copy>(name: &str) -> T {
    // SAFETY: each caller below names a function of TDLib with its type in td_json_client.h.
    match unsafe { LIBRARY.get::<T>(name.as_bytes()) } {
        Ok(function) => *function,
        Err(error) => {
            eprintln!("poison: {error}");
            std::process::exit(2)
        }
    }
}

/// Whether this request opens a folder with the file `poison`.
fn is_poisoned(request: &str) -> bool {
    if !request.contains("\"setTdlibParameters\"") {
        return false;
    }
    let request: serde_json::Value = serde_json::from_str(request).unwrap_or_default();
    let folder = request.get("database_directory").and_then(|folder| folder.as_str());
    folder.is_some_and(|folder| Path::new(folder).join("poison").exists())
}

/// # Safety
/// As TDLib's function of this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn td_create_client_id() -> c_int {
    let function: unsafe extern "C" fn() -> c_int = real("td_create_client_id");
    // SAFETY: the call is forwarded unchanged.
    unsafe { function() }
}

/// # Safety
/// As TDLib's function of this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn td_send(client: c_int, request: *const c_char) {
    // SAFETY: the caller passes a NUL-terminated string.
    if is_poisoned(&unsafe { CStr::from_ptr(request) }.to_string_lossy()) {
        std::process::abort();
    }
    let function: unsafe extern "C" fn(c_int, *const c_char) = real("td_send");
    // SAFETY: the call is forwarded unchanged.
    unsafe { function(client, request) }
}

/// # Safety
/// As TDLib's function of this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn td_receive(timeout: c_double) -> *const c_char {
    let function: unsafe extern "C" fn(c_double) -> *const c_char = real("td_receive");
    // SAFETY: the call is forwarded unchanged.
    unsafe { function(timeout) }
}

/// # Safety
/// As TDLib's function of this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn td_execute(request: *const c_char) -> *const c_char {
    let function: unsafe extern "C" fn(*const c_char) -> *const c_char = real("td_execute");
    // SAFETY: the call is forwarded unchanged.
    unsafe { function(request) }
}

/// # Safety
/// As TDLib's function of this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn td_set_log_message_callback(level: c_int, callback: LogCallback) {
    let function: unsafe extern "C" fn(c_int, LogCallback) = real("td_set_log_message_callback");
    // SAFETY: the call is forwarded unchanged.
    unsafe { function(level, callback) }
}
