//! The shared library `libtdjson`, opened at run time.

use std::ffi::{CStr, CString, c_char, c_double, c_int};
use std::path::Path;
use std::sync::{Mutex, OnceLock, PoisonError};

type CreateClientId = unsafe extern "C" fn() -> c_int;
type Send = unsafe extern "C" fn(c_int, *const c_char);
type Receive = unsafe extern "C" fn(c_double) -> *const c_char;
type Execute = unsafe extern "C" fn(*const c_char) -> *const c_char;
type LogCallback = unsafe extern "C" fn(c_int, *const c_char);
type SetLogCallback = unsafe extern "C" fn(c_int, Option<LogCallback>);

/// An open `libtdjson`. It stays loaded until the process ends: its threads never stop.
#[derive(Debug)]
pub struct Library {
    create_client_id: CreateClientId,
    send: Send,
    receive: Receive,
    execute: Execute,
    set_log_callback: SetLogCallback,
    // TDLib aborts the process when two threads receive at once; here the second one waits.
    receiving: Mutex<()>,
}

/// Why the library could not be opened.
#[derive(Debug)]
pub struct OpenError(libloading::Error);

impl std::fmt::Display for OpenError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "TDLib could not be loaded: {}", self.0)
    }
}

impl std::error::Error for OpenError {}

/// Called with TDLib's log lines: the level (0 is fatal) and the text.
pub type LogHandler = fn(i32, &str);

static LOG_HANDLER: OnceLock<LogHandler> = OnceLock::new();

unsafe extern "C" fn on_log(level: c_int, message: *const c_char) {
    if message.is_null() {
        return;
    }
    if let Some(handler) = LOG_HANDLER.get() {
        // SAFETY: TDLib passes a NUL-terminated string that is valid during this call.
        let text = unsafe { CStr::from_ptr(message) }.to_string_lossy();
        handler(level, &text);
    }
}

impl Library {
    /// Opens the library at `path`, which must be TDLib: its initialisers run.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        // SAFETY: loading runs the initialisers of a file that the operator configured as TDLib; the five symbols have
        // these types in every TDLib since 1.7 (td_json_client.h). The handle is leaked on purpose, so the function
        // pointers stay valid.
        unsafe {
            let library = libloading::Library::new(path).map_err(OpenError)?;
            let library: &'static libloading::Library = Box::leak(Box::new(library));
            Ok(Self {
                create_client_id: *library.get(b"td_create_client_id\0").map_err(OpenError)?,
                send: *library.get(b"td_send\0").map_err(OpenError)?,
                receive: *library.get(b"td_receive\0").map_err(OpenError)?,
                execute: *library.get(b"td_execute\0").map_err(OpenError)?,
                set_log_callback: *library.get(b"td_set_log_message_callback\0").map_err(OpenError)?,
                receiving: Mutex::new(()),
            })
        }
    }

    /// A new client's id. The client starts with the first request sent to it.
    pub fn create_client_id(&self) -> i32 {
        // SAFETY: no arguments; returns a number.
        unsafe { (self.create_client_id)() }
    }

    /// Sends a request (JSON) to a client. A text with a NUL byte is not JSON and is dropped.
    pub fn send(&self, client: i32, request: &str) {
        if let Ok(request) = CString::new(request) {
            // SAFETY: the string is NUL-terminated and outlives the call; TDLib copies it.
            unsafe { (self.send)(client, request.as_ptr()) }
        }
    }

    /// Waits up to `timeout` seconds for the next update or answer of any client.
    pub fn receive(&self, timeout: f64) -> Option<String> {
        let _alone = self.receiving.lock().unwrap_or_else(PoisonError::into_inner);
        // SAFETY: only one thread receives at a time. The returned string stays valid until the next receive.
        unsafe { copy((self.receive)(timeout)) }
    }

    /// Executes one of the few requests that need no client, such as `setLogVerbosityLevel`.
    pub fn execute(&self, request: &str) -> Option<String> {
        let request = CString::new(request).ok()?;
        // SAFETY: as `send`; the returned string stays valid until this thread's next execute.
        unsafe { copy((self.execute)(request.as_ptr())) }
    }

    /// Sends TDLib's log lines up to `level` to `handler`; only the first handler of a process is used.
    /// The handler must not call TDLib; after a line of level 0 the process ends.
    pub fn on_log(&self, level: i32, handler: LogHandler) {
        let _ = LOG_HANDLER.set(handler);
        // SAFETY: the callback is a static function that never unwinds into C: handlers only print.
        unsafe { (self.set_log_callback)(level, Some(on_log)) }
    }
}

/// Copies a C string that may be null.
///
/// # Safety
/// `text` is null or points to a NUL-terminated string that is valid during the call.
unsafe fn copy(text: *const c_char) -> Option<String> {
    if text.is_null() {
        return None;
    }
    // SAFETY: by the contract of this function.
    Some(unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned())
}
