//! `make bench`: what Telescope costs compared with bare TDLib on the same machine.
//!
//! Telescope and the bare program alternate, with the same account folders and the same sandbox, so that other load on
//! the machine affects both. The ratios are the result; absolute figures depend on the machine.

// A developer's tool may panic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../common/mod.rs"]
#[allow(dead_code, reason = "shared with the other program")]
mod common;
#[path = "../../tests/it/support/mod.rs"]
#[allow(dead_code, reason = "the stories use all of it")]
mod support;

mod codes;
mod crowd;
mod report;
mod requests;
mod rounds;
mod viewers;

use common::{bare, setting};
use report::Report;

/// The default numbers of accounts. The difference between the two gives the cost of one more account.
const FEWER: u64 = 100;
const MORE: u64 = 300;

fn main() {
    let words: Vec<_> = std::env::args_os().collect();
    if words.get(1).is_some_and(|word| word == bare::WORD) {
        bare::run(words[2].as_ref());
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    if words.iter().any(|word| word == "viewers") {
        runtime.block_on(viewers_alone());
    } else {
        runtime.block_on(bench());
    }
}

/// `cargo bench --bench bench -- viewers`: only the part that takes a minute or two.
async fn viewers_alone() {
    let mut report = Report::default();
    crowd::run(&mut report).await;
    report.print();
}

async fn bench() {
    let (fewer, more) = (setting("BENCH_FEWER", FEWER), setting("BENCH_MORE", MORE));
    let (fewer, more) = (usize::try_from(fewer).unwrap(), usize::try_from(more).unwrap());
    assert!(fewer < more, "BENCH_FEWER must be below BENCH_MORE");
    let mut report = Report::default();
    let home = common::accounts::home_of(u16::try_from(more).unwrap()).await;
    rounds::run(&home, fewer, more, &mut report).await;
    viewers::run(&home, &mut report).await;
    requests::run(&mut report).await;
    crowd::run(&mut report).await;
    report.print();
}
