//! A TDLib that crashes: for the test that an account which makes TDLib crash is told from the others.
//!
//! It passes everything on to the real library, whose path stands in the file `poison.library` of the working folder,
//! and ends its process as TDLib's fatal errors do when it is given a folder that holds a file called `poison`.

use std::ffi::{CStr, c_char, c_double, c_int};
use std::path::Path;
use std::sync::LazyLock;

type LogCallback = Option<unsafe extern "C" fn(c_int, *const c_char)>;

static LIBRARY: LazyLock<libloading::Library> = LazyLock::new(|| {
    let path = std::fs::read_to_string("poison.library").unwrap_or_default();
    // SAFETY: the file names a TDLib, as every user of this example has seen to.
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
    // SAFETY: each caller below names a function of TDLib's with the type that td_json_client.h gives it.
    match unsafe { LIBRARY.get::<T>(name.as_bytes()) } {
        Ok(function) => *function,
        Err(error) => {
            eprintln!("poison: {error}");
            std::process::exit(2)
        }
    }
}

/// Whether this request opens a folder that is poisoned.
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
    // SAFETY: passed on as it came.
    unsafe { function() }
}

/// # Safety
/// As TDLib's function of this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn td_send(client: c_int, request: *const c_char) {
    // SAFETY: the caller gives a string that ends with NUL.
    if is_poisoned(&unsafe { CStr::from_ptr(request) }.to_string_lossy()) {
        std::process::abort();
    }
    let function: unsafe extern "C" fn(c_int, *const c_char) = real("td_send");
    // SAFETY: passed on as it came.
    unsafe { function(client, request) }
}

/// # Safety
/// As TDLib's function of this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn td_receive(timeout: c_double) -> *const c_char {
    let function: unsafe extern "C" fn(c_double) -> *const c_char = real("td_receive");
    // SAFETY: passed on as it came.
    unsafe { function(timeout) }
}

/// # Safety
/// As TDLib's function of this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn td_execute(request: *const c_char) -> *const c_char {
    let function: unsafe extern "C" fn(*const c_char) -> *const c_char = real("td_execute");
    // SAFETY: passed on as it came.
    unsafe { function(request) }
}

/// # Safety
/// As TDLib's function of this name.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn td_set_log_message_callback(level: c_int, callback: LogCallback) {
    let function: unsafe extern "C" fn(c_int, LogCallback) = real("td_set_log_message_callback");
    // SAFETY: passed on as it came.
    unsafe { function(level, callback) }
}
