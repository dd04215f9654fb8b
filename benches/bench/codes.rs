//! Login codes pushed to many accounts, until the last is handled.
//!
//! After its codes each account gets a new name. An account's updates are handled in order, so once every name has been
//! seen, every code has been handled. Codes are pushed in two ways: as fast as the sandbox accepts them, and while the
//! process that runs TDLib is stopped, so that all are waiting when it continues and pushing does not affect the result.

use std::collections::HashSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use futures_util::StreamExt;
use rustix::process::Signal;
use telescope::clock::Clock;

use crate::common::bare::{MARK, until_said};
use crate::common::live::Live;
use crate::common::setting;
use crate::support::phones::Phones;
use crate::support::processes::signal;
use crate::support::stack::Stack;
use crate::support::visitor::{Visitor, attribute};

/// Accounts that get codes: one page of the list.
const ACCOUNTS: usize = 100;
/// Concurrent requests to the sandbox.
const AT_ONCE: usize = 64;

/// A new unique name.
fn new_mark() -> String {
    static NEXT: AtomicUsize = AtomicUsize::new(1);
    format!("{MARK}{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

async fn push(phones: &Phones, numbers: &[String], mark: &str, codes: usize) -> usize {
    let each = codes.div_ceil(numbers.len());
    let all = (0..each * numbers.len()).map(|at| (at, &numbers[at % numbers.len()]));
    futures_util::stream::iter(all)
        .for_each_concurrent(AT_ONCE, async |(at, number)| {
            let code = 10_000 + at % 90_000;
            phones.send_message(number, &format!("Login code: {code}. Do not give it to anyone.")).await;
        })
        .await;
    futures_util::stream::iter(numbers)
        .for_each_concurrent(AT_ONCE, async |number| phones.set_name(number, mark).await)
        .await;
    each * numbers.len()
}

/// Pushes codes, and returns how many per second were handled until `seen` resolved. The process `frozen` is stopped
/// while they are pushed.
async fn rate(
    stack: &Stack,
    numbers: &[String],
    mark: &str,
    frozen: Option<i32>,
    seen: impl Future<Output = i64>,
) -> f64 {
    let phones = stack.phones();
    let pushing = async {
        let mut began = Clock::System.now().0;
        if let Some(pid) = frozen {
            signal(pid, Signal::STOP);
        }
        // More codes if pushing does not count, since rows are only sent every 80 ms.
        let codes = usize::try_from(setting("BENCH_CODES", 2000)).unwrap();
        let codes = if frozen.is_some() { codes * 5 } else { codes };
        let count = push(&phones, numbers, mark, codes).await;
        let pushed = Clock::System.now().0;
        if let Some(pid) = frozen {
            began = pushed;
            signal(pid, Signal::CONT);
        }
        (began, pushed, count)
    };
    let ((began, pushed, count), end) = tokio::join!(pushing, seen);
    println!("{count} codes: pushing ended {} ms after the last one was seen", pushed - end);
    let count = f64::from(u32::try_from(count).unwrap());
    count * 1000.0 / f64::from(i32::try_from((end - began).max(1)).unwrap())
}

/// How many codes per second Telescope handles, as seen in its live list.
pub async fn seen_by_telescope(
    stack: &Stack,
    visitor: &Visitor,
    numbers: &[String],
    frozen: Option<i32>,
) -> f64 {
    let numbers = &numbers[..numbers.len().min(ACCOUNTS)];
    let mut live = Live::open(visitor, "stage=ready").await;
    let (mark, mut named) = (new_mark(), HashSet::new());
    let seen = live.until("every account has its new name", |message| {
        let rows = message.split("<tr ").skip(1).filter(|row| row.contains(&mark));
        named.extend(rows.filter_map(|row| attribute(row, "data-phone")));
        named.len() == numbers.len()
    });
    rate(stack, numbers, &mark, frozen, seen).await
}

/// How many codes per second the bare program handles.
pub async fn seen_by_bare(stack: &Stack, numbers: &[String], frozen: Option<i32>) -> f64 {
    let numbers = &numbers[..numbers.len().min(ACCOUNTS)];
    let mark = new_mark();
    rate(stack, numbers, &mark, frozen, until_said(stack, &mark, numbers.len())).await
}
