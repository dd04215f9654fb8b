//! Processes as /proc shows them: to find the parts of a running stack, and to kill them.

use std::collections::HashSet;
use std::fs;

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

use super::waiting::{DEADLINE, until_true};

/// One running process.
#[derive(Debug, Clone)]
pub struct Process {
    /// Its process id.
    pub pid: i32,
    /// Its program and arguments.
    pub line: Vec<String>,
}

impl Process {
    /// Whether its first argument is `word`.
    pub fn runs(&self, word: &str) -> bool {
        self.line.get(1).is_some_and(|first| first == word)
    }
}

/// All running descendants of `root`, parents first.
pub fn descendants(root: i32) -> Vec<Process> {
    let all: Vec<(i32, i32)> = fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter_map(|pid| Some((pid, parent(pid)?)))
        .collect();
    let mut known = HashSet::from([root]);
    let mut found = Vec::new();
    loop {
        let before = found.len();
        for (pid, parent) in &all {
            if known.contains(parent) && known.insert(*pid) {
                found.push(Process { pid: *pid, line: line(*pid) });
            }
        }
        if found.len() == before {
            return found;
        }
    }
}

/// The parent of a running process.
fn parent(pid: i32) -> Option<i32> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name is in parentheses and may contain any character, so the fields start after the last one.
    let mut rest = stat.rsplit_once(')')?.1.split_whitespace();
    let state = rest.next()?;
    let parent = rest.next()?.parse().ok()?;
    (state != "Z" && state != "X").then_some(parent)
}

fn line(pid: i32) -> Vec<String> {
    let bytes = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    bytes.split(|byte| *byte == 0).map(|part| String::from_utf8_lossy(part).into_owned()).collect()
}

/// Whether a process is running.
pub fn alive(pid: i32) -> bool {
    parent(pid).is_some()
}

/// `kill -9`.
pub fn kill_hard(pid: i32) {
    signal(pid, Signal::KILL);
}

/// Sends a signal. The process may have ended already.
pub fn signal(pid: i32, signal: Signal) {
    let _ = kill_process(Pid::from_raw(pid).expect("a process number"), signal);
}

/// Stops a process with all of its threads, and waits until they have stopped: some may go on for a while after the
/// signal was sent.
pub async fn suspend(pid: i32) {
    signal(pid, Signal::STOP);
    until_true(&format!("process {pid} has stopped"), DEADLINE, async || is_suspended(pid)).await;
}

fn is_suspended(pid: i32) -> bool {
    let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else { return true };
    threads.flatten().all(|thread| {
        let stat = fs::read_to_string(thread.path().join("stat")).unwrap_or_default();
        stat.rsplit_once(')').is_none_or(|(_, rest)| rest.trim_start().starts_with(['T', 'Z', 'X']))
    })
}

/// Sends a signal to a whole process group, as a terminal does on Ctrl-C.
pub fn signal_group(leader: i32, signal: Signal) {
    kill_process_group(Pid::from_raw(leader).expect("a process number"), signal).expect("the group lives");
}
