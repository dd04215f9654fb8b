//! td-host: the child process that runs TDLib. Frames in on stdin, frames out on stdout, log on stderr.
//!
//! It knows nothing about accounts. It uses its parent's client numbers, drops the updates that are not needed, and exits
//! when its stdin closes. Before that it closes its clients, so that their files are consistent, but with a short
//! timeout, since a new parent may need the same files. It also exits when its parent hangs, because another server then
//! takes over and needs the files. A crash of TDLib only kills this process.

use std::collections::{BTreeMap, HashMap};
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use tdjson::Library;

use super::frame::{Frame, peek};

/// How long clients may take to close after the parent has gone.
const CLOSING_TIME: Duration = Duration::from_secs(3);

/// How many seconds the parent may be silent. It sends a heartbeat every five.
const SILENCE: u32 = 20;

/// The updates that are needed; all others are dropped without parsing.
const WANTED_UPDATES: &[&str] = &[
    "updateAuthorizationState",
    "updateConnectionState",
    "updateNewMessage",
    "updateUser",
    "updateUnconfirmedSession",
    "updateFreezeState",
    "updateServiceNotification",
];

/// Telegram's own chat: login codes and notices. Messages of any other chat never leave this process.
const SERVICE_CHAT: &str = "\"chat_id\":777000,";

/// Maps the parent's client numbers to TDLib's and back.
#[derive(Default)]
struct Clients {
    theirs: HashMap<i32, i32>,
    ours: HashMap<i32, i32>,
}

/// The prefix of TDLib's log message that says why a session ended. For most sessions the log is the only source: the
/// updates say only that it ended.
const LOST: &str = "Lost authorization because of ";

/// Why sessions ended, by TDLib's client number, until the update that says that they ended.
static LOST_REASONS: Mutex<BTreeMap<i32, String>> = Mutex::new(BTreeMap::new());

/// The prefix of the message with which a host tells its parent why a session ended.
const LOST_MESSAGE: &str = "{\"@type\":\"telescope.lost\",\"reason\":\"";

/// The reason in a host's message about the end of a session.
pub fn lost_reason(json: &str) -> Option<&str> {
    json.strip_prefix(LOST_MESSAGE)?.split('"').next()
}

/// Runs until stdin closes. Never returns: TDLib's threads don't stop, so the process exits here.
pub fn run(library: &Path) -> ! {
    let status = match Library::open(library) {
        Ok(library) => {
            quieten(&library);
            serve(&library)
        }
        Err(error) => {
            eprintln!("td-host: {error}");
            2
        }
    };
    tdjson::exit_now(status)
}

/// Phone numbers and codes must not reach a log: only errors are logged, truncated and without digits.
fn quieten(library: &Library) {
    library.execute(r#"{"@type":"setLogVerbosityLevel","new_verbosity_level":2}"#);
    library.execute(r#"{"@type":"setLogStream","log_stream":{"@type":"logStreamEmpty"}}"#);
    library.on_log(2, |level, line| {
        if level < 2 {
            eprintln!("td-host: tdlib[{level}] {}", redact(line));
        } else if let Some((client, reason)) = read_lost(line) {
            LOST_REASONS.lock().insert(client, reason);
        }
    });
}

/// Parses a log line such as `[ 2][t 1][…][AuthManager.cpp:1388][#7][!Td] Lost authorization because of X`; the client's
/// number follows the hash.
fn read_lost(line: &str) -> Option<(i32, String)> {
    let (head, reason) = line.split_once(LOST)?;
    let client = head.split("[#").nth(1)?.split(']').next()?.parse().ok()?;
    let reason = reason.chars().take_while(|c| c.is_ascii_uppercase() || *c == '_').collect();
    Some((client, reason))
}

/// The first 300 characters of the first line, with every run of four or more digits replaced.
fn redact(line: &str) -> String {
    let mut out = String::new();
    let mut digits = String::new();
    for c in line.lines().next().unwrap_or("").chars().take(300).chain(['\n']) {
        if c.is_ascii_digit() {
            digits.push(c);
            continue;
        }
        out.push_str(if digits.len() < 4 { &digits } else { "[digits]" });
        digits.clear();
        if c != '\n' {
            out.push(c);
        }
    }
    out
}

fn serve(library: &Library) -> i32 {
    let clients = Mutex::new(Clients::default());
    let all_closed = Condvar::new();
    let silent = AtomicU32::new(0);
    std::thread::scope(|scope| {
        scope.spawn(|| forward_updates(library, &clients, &all_closed));
        scope.spawn(|| {
            await_silence(&silent);
            eprintln!("td-host: Telescope has been silent for {SILENCE} seconds; closing the clients");
            close_all(library, &clients, &all_closed);
            tdjson::exit_now(0)
        });
        let mut stdin = io::stdin().lock();
        while let Ok(Some(frame)) = Frame::read(&mut stdin) {
            silent.store(0, Ordering::Relaxed);
            if !frame.is_heartbeat() {
                forward_request(library, &clients, &frame);
            }
        }
        close_all(library, &clients, &all_closed);
        tdjson::exit_now(0)
    })
}

/// Counts the seconds that this process runs without a frame. A clock would not work: if the whole machine was suspended,
/// the parent was not silent.
fn await_silence(silent: &AtomicU32) {
    while silent.fetch_add(1, Ordering::Relaxed) < SILENCE {
        #[expect(clippy::disallowed_methods, reason = "a thread of its own, in a process without a runtime")]
        std::thread::sleep(Duration::from_secs(1));
    }
}

fn forward_request(library: &Library, clients: &Mutex<Clients>, frame: &Frame) {
    let theirs = {
        let mut clients = clients.lock();
        match clients.theirs.get(&frame.client) {
            Some(theirs) => *theirs,
            None => {
                let theirs = library.create_client_id();
                clients.theirs.insert(frame.client, theirs);
                clients.ours.insert(theirs, frame.client);
                theirs
            }
        }
    };
    library.send(theirs, &frame.json);
}

/// The only thread that receives. Output is flushed when TDLib has no more updates for the moment.
fn forward_updates(library: &Library, clients: &Mutex<Clients>, all_closed: &Condvar) {
    let mut out = BufWriter::with_capacity(256 * 1024, io::stdout().lock());
    let mut unflushed = false;
    loop {
        let Some(json) = library.receive(if unflushed { 0.0 } else { 10.0 }) else {
            if unflushed && out.flush().is_err() {
                tdjson::exit_now(0);
            }
            unflushed = false;
            continue;
        };
        let seen = peek(&json);
        let wanted = seen.is_answer
            || (WANTED_UPDATES.contains(&seen.kind)
                && (seen.kind != "updateNewMessage" || json.contains(SERVICE_CHAT)));
        let closed = seen.kind == "updateAuthorizationState" && json.contains("\"authorizationStateClosed\"");
        let Some(client) = seen.client.and_then(|theirs| {
            let mut clients = clients.lock();
            let ours = clients.ours.get(&theirs).copied();
            if let (true, Some(ours)) = (closed, ours) {
                clients.ours.remove(&theirs);
                clients.theirs.remove(&ours);
            }
            ours
        }) else {
            continue;
        };
        let leaving =
            seen.kind == "updateAuthorizationState" && json.contains("\"authorizationStateLoggingOut\"");
        let reason = if leaving { take_reason(seen.client) } else { None };
        if let Some(reason) = reason {
            let json = format!("{LOST_MESSAGE}{reason}\"}}");
            if (Frame { client, json }).write(&mut out).is_err() {
                tdjson::exit_now(0);
            }
        }
        if wanted {
            if (Frame { client, json }).write(&mut out).is_err() {
                tdjson::exit_now(0);
            }
            unflushed = true;
        }
        if closed {
            all_closed.notify_all();
        }
    }
}

fn take_reason(client: Option<i32>) -> Option<String> {
    LOST_REASONS.lock().remove(&client?)
}

fn close_all(library: &Library, clients: &Mutex<Clients>, all_closed: &Condvar) {
    let mut guard = clients.lock();
    for theirs in guard.ours.keys() {
        library.send(*theirs, r#"{"@type":"close"}"#);
    }
    all_closed.wait_while_for(&mut guard, |clients| !clients.ours.is_empty(), CLOSING_TIME);
}

#[cfg(test)]
mod tests {
    use super::{LOST_MESSAGE, lost_reason, read_lost, redact};

    #[test]
    fn the_reason_of_a_sessions_end_is_read_from_the_log_and_forwarded() {
        let line = "[ 2][t 7][1763700000.123456789][AuthManager.cpp:1388][#12][!AuthManager]\tLost authorization \
                    because of USER_DEACTIVATED_BAN";
        assert_eq!(read_lost(line), Some((12, "USER_DEACTIVATED_BAN".into())));
        assert_eq!(read_lost("[ 2][t 7][AuthManager.cpp:1][!Td]\tLost authorization because of X"), None);
        assert_eq!(read_lost("[ 2][#12] something else"), None);
        assert_eq!(lost_reason(&format!("{LOST_MESSAGE}SESSION_REVOKED\"}}")), Some("SESSION_REVOKED"));
        assert_eq!(lost_reason(r#"{"@type":"updateUser"}"#), None);
    }

    #[test]
    fn log_lines_are_redacted() {
        assert_eq!(
            redact("code 01234 for +9996621234, try 3 of 10"),
            "code [digits] for +[digits], try 3 of 10"
        );
        assert_eq!(redact("first\nsecond 12345"), "first");
        assert!(redact(&"x".repeat(5000)).len() <= 300);
    }
}
