//! The C functions that tdlib-rs calls, implemented as a virtual transport.
//!
//! tdlib-rs declares `td_create_client_id`, `td_send` and `td_receive` as external symbols and matches answers to requests
//! by their `@extra` number. This module assigns the client ids, passes a request to the sender attached to its client,
//! and queues answers until tdlib-rs receives the next one. Nothing else blocks.
//!
//! Every request gets an answer. If no sender accepts it, or its client ends first, the answer is an error 500 made here,
//! because a tdlib-rs call without an answer would wait for ever.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ffi::{CStr, CString, c_char, c_double, c_int};
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::mpsc::{self, Receiver, channel};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};
use std::time::Duration;

/// Sends a request for a client and returns whether that succeeded. Must not block.
pub type Sender = Arc<dyn Fn(i32, &str) -> bool + Send + Sync>;

/// Where the requests of each client go.
static SENDERS: LazyLock<Mutex<HashMap<i32, Sender>>> = LazyLock::new(Mutex::default);
static LAST_CLIENT: AtomicI32 = AtomicI32::new(0);
static OPEN: LazyLock<Mutex<HashMap<u32, i32>>> = LazyLock::new(Mutex::default);
static ANSWERS: LazyLock<Answers> = LazyLock::new(Answers::new);

/// The queue of answers. Bounded by the number of open requests: each is answered once.
struct Answers {
    put: Mutex<mpsc::Sender<CString>>,
    take: Mutex<Receiver<CString>>,
}

impl Answers {
    fn new() -> Self {
        let (put, take) = channel();
        Self { put: Mutex::new(put), take: Mutex::new(take) }
    }
}

thread_local! {
    /// The last value returned by td_receive, which must stay valid until the next call on the thread.
    static RETURNED: RefCell<Option<CString>> = const { RefCell::new(None) };
}

#[derive(serde::Deserialize)]
struct Extra {
    #[serde(rename = "@extra")]
    extra: Option<u32>,
}

fn extra_of(json: &str) -> Option<u32> {
    serde_json::from_str::<Extra>(json).ok()?.extra
}

/// Sets the sender of a client.
pub fn attach(client: i32, sender: Sender) {
    senders().insert(client, sender);
}

/// Ends a client: its open and later requests are answered with error 500.
pub fn detach(client: i32, message: &str) {
    senders().remove(&client);
    fail_client(client, message);
}

/// Delivers an answer (JSON with `@extra`). Dropped if there is no such open request.
pub fn answer(json: &str) {
    let waited_for = extra_of(json).is_some_and(|extra| open().remove(&extra).is_some());
    if waited_for {
        put(json);
    }
}

/// Answers every open request of a client with error 500 and this message.
fn fail_client(client: i32, message: &str) {
    let extras: Vec<u32> = {
        let mut open = open();
        let extras = open.iter().filter(|(_, owner)| **owner == client).map(|(extra, _)| *extra).collect();
        open.retain(|_, owner| *owner != client);
        extras
    };
    for extra in extras {
        put_error(extra, client, message);
    }
}

/// How many requests wait for an answer.
pub fn open_requests() -> usize {
    open().len()
}

fn open() -> std::sync::MutexGuard<'static, HashMap<u32, i32>> {
    OPEN.lock().unwrap_or_else(PoisonError::into_inner)
}

fn senders() -> std::sync::MutexGuard<'static, HashMap<i32, Sender>> {
    SENDERS.lock().unwrap_or_else(PoisonError::into_inner)
}

fn put(json: &str) {
    if let Ok(text) = CString::new(json) {
        let _ = ANSWERS.put.lock().unwrap_or_else(PoisonError::into_inner).send(text);
    }
}

fn put_error(extra: u32, client: i32, message: &str) {
    let error = serde_json::json!({
        "@type": "error", "code": 500, "message": message, "@extra": extra, "@client_id": client,
    });
    put(&error.to_string());
}

#[unsafe(no_mangle)]
extern "C" fn td_create_client_id() -> c_int {
    LAST_CLIENT.fetch_add(1, Ordering::Relaxed) + 1
}

/// # Safety
/// `request` points to a NUL-terminated string, as tdlib-rs guarantees.
#[unsafe(no_mangle)]
unsafe extern "C" fn td_send(client: c_int, request: *const c_char) {
    if request.is_null() {
        return;
    }
    // SAFETY: by the contract of this function.
    let Ok(request) = (unsafe { CStr::from_ptr(request) }).to_str() else {
        return;
    };
    let extra = extra_of(request);
    if let Some(extra) = extra {
        open().insert(extra, client);
    }
    let sender = senders().get(&client).cloned();
    let taken = sender.is_some_and(|sender| sender(client, request));
    if let Some(extra) = extra
        && !taken
        && open().remove(&extra).is_some()
    {
        put_error(extra, client, "TDLib is not running");
    }
}

#[unsafe(no_mangle)]
extern "C" fn td_receive(timeout: c_double) -> *const c_char {
    let timeout = Duration::try_from_secs_f64(timeout).unwrap_or_default();
    let next = ANSWERS.take.lock().unwrap_or_else(PoisonError::into_inner).recv_timeout(timeout).ok();
    RETURNED.with_borrow_mut(|returned| {
        *returned = next;
        returned.as_ref().map_or(std::ptr::null(), |text| text.as_ptr())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn send(client: i32, json: &str) {
        let text = CString::new(json).unwrap();
        // SAFETY: a NUL-terminated string.
        unsafe { td_send(client, text.as_ptr()) }
    }

    fn receive() -> Option<serde_json::Value> {
        // SAFETY: null or a string that stays valid until the next receive of this thread.
        let text = unsafe { td_receive(0.05).as_ref().map(|text| CStr::from_ptr(text)) }?;
        serde_json::from_slice(text.to_bytes()).ok()
    }

    /// One test, because the transport is one per process.
    #[test]
    fn every_request_gets_exactly_one_answer() {
        send(1, r#"{"@type":"getMe","@extra":1}"#);
        let unattached = receive().unwrap();
        assert_eq!((unattached["code"].as_i64(), unattached["@extra"].as_i64()), (Some(500), Some(1)));

        let (sent, requests) = channel();
        for client in [2, 3] {
            let sent = sent.clone();
            attach(client, Arc::new(move |client, _| sent.send(("first hub", client)).is_ok()));
        }
        attach(4, Arc::new(move |client, _| sent.send(("second hub", client)).is_ok()));
        attach(9, Arc::new(|_, _| false));
        assert_ne!(td_create_client_id(), td_create_client_id());

        send(2, r#"{"@type":"getMe","@extra":2}"#);
        send(3, r#"{"@type":"getMe","@extra":3}"#);
        send(9, r#"{"@type":"getMe","@extra":4}"#);
        assert_eq!(receive().unwrap()["@extra"], 4, "its sender failed");
        send(4, r#"{"@type":"getMe","@extra":5}"#);
        assert!(receive().is_none(), "the other requests are open");
        let sent: Vec<_> = requests.try_iter().collect();
        assert_eq!(sent, [("first hub", 2), ("first hub", 3), ("second hub", 4)]);
        answer(r#"{"@type":"ok","@extra":5}"#);
        assert_eq!(receive().unwrap()["@extra"], 5);

        detach(3, "gone");
        let failed = receive().unwrap();
        assert_eq!((failed["@extra"].as_i64(), failed["message"].as_str()), (Some(3), Some("gone")));
        answer(r#"{"@type":"ok","@extra":3}"#);
        assert!(receive().is_none(), "a late answer is dropped");
        send(3, r#"{"@type":"getMe","@extra":6}"#);
        assert_eq!(receive().unwrap()["code"], 500, "its client has ended");

        answer(r#"{"@type":"ok","@extra":2}"#);
        assert_eq!(receive().unwrap()["@type"], "ok");
        answer("no json");
        assert!(receive().is_none());
        assert_eq!(open_requests(), 0);
    }
}
