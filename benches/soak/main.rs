//! `make soak`: an hour of faults and load: processes killed at random moments, connections dropped, accounts
//! disconnected, streams opened and closed. Telescope's guarantees are checked after each fault.
//!
//! The seed is printed; SOAK_SEED repeats a run's choices. The exit status says whether a check failed.

// A developer's tool may panic.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../common/mod.rs"]
#[allow(dead_code, reason = "shared with the other program")]
mod common;
#[path = "../../tests/it/support/mod.rs"]
#[allow(dead_code, reason = "the stories use all of it")]
mod support;

mod kills;
mod mix;
mod outage;
mod report;
mod watch;

use std::process::ExitCode;

use common::setting;
use report::Report;

fn main() -> ExitCode {
    let report = tokio::runtime::Runtime::new().unwrap().block_on(soak());
    report.print();
    if report.is_kept() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

async fn soak() -> Report {
    let seed = setting("SOAK_SEED", fastrand::u64(..));
    println!("seed: {seed}; run with SOAK_SEED={seed} to repeat the same choices");
    let mut random = fastrand::Rng::with_seed(seed);
    let mut report = Report::default();
    let accounts = setting("SOAK_ACCOUNTS", 300);
    let home = common::accounts::home_of(u16::try_from(accounts).unwrap()).await;
    let accounts = usize::try_from(accounts).unwrap();
    kills::run(&home, accounts, &mut random, &mut report).await;
    outage::run(&home, accounts, &mut report).await;
    mix::run(&home, accounts, &mut random, &mut report).await;
    report
}
