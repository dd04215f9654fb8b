//! Large amounts of invalid bytes: nothing panics, and memory does not grow.
//!
//! Valid client input is damaged at random. Each run has another seed, which it prints;
//! `SANDBOX_FUZZ_SEED` repeats a run, and `SANDBOX_FUZZ_ROUNDS` makes it longer. These tests have their own
//! process, because they watch its memory and its panics.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests may be blunt"
)]

#[path = "../common/mod.rs"]
mod common;
mod corpus;
mod offline;
mod online;
mod random;

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

/// Bytes by which memory may grow: some packets of the largest size, and their inflated content.
const ROOM: usize = 192 * 1024 * 1024;

/// Tests run one at a time, so that growing memory can be attributed.
static ALONE: Mutex<()> = Mutex::new(());
/// Something panicked, even if the panic was caught.
static PANICKED: AtomicBool = AtomicBool::new(false);

/// A line of `/proc/self/status` in bytes.
fn memory(name: &str) -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() * 1024
}

/// Nesting needs stack in proportion to a packet's size; the server gives large packets a matching stack.
const STACK: usize = 256 * 1024 * 1024;

/// Runs a test alone, with a large stack; fails if anything panicked or if the greatest value of a line of memory grew too much.
fn alone(line: &'static str, test: impl FnOnce() + Send + 'static) {
    let _alone = ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let thread = std::thread::Builder::new().stack_size(STACK).spawn(move || watched(line, test));
    assert!(thread.unwrap().join().is_ok(), "the test panicked");
}

fn watched(line: &str, test: impl FnOnce()) {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        PANICKED.store(true, Ordering::Relaxed);
        usual(info);
    }));
    let before = memory(line);
    test();
    let grown = memory(line).saturating_sub(before);
    println!("{line} grew by {} kB", grown / 1024);
    assert!(!PANICKED.swap(false, Ordering::Relaxed), "something panicked; see above");
    assert!(grown < ROOM, "{line} grew by {grown} bytes");
}

/// The seed and the number of rounds of this run.
fn plan(usual: u64) -> (u64, u64) {
    let from = |name| std::env::var(name).ok().map(|text| text.parse::<u64>().expect("a number"));
    let seed = from("SANDBOX_FUZZ_SEED")
        .unwrap_or_else(|| u64::from_le_bytes(telescope_sandbox::crypto::random()) >> 1);
    let rounds = from("SANDBOX_FUZZ_ROUNDS").unwrap_or(usual);
    println!("SANDBOX_FUZZ_SEED={seed} SANDBOX_FUZZ_ROUNDS={rounds}");
    (seed, rounds)
}
