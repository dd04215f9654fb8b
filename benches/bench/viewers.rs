//! The delay from a push at Telegram to the changed row in a browser, with one or many viewers.

use std::sync::Arc;

use telescope::clock::Clock;

use crate::common::live::Live;
use crate::common::{accounts, median, percentile, setting};
use crate::report::{Goal, Report};
use crate::rounds::start_telescope;
use crate::support::browser::{Browser, Scripts};
use crate::support::login::sign_in;
use crate::support::stack::{Home, Stack};

/// Connected accounts: one page of the list.
const ACCOUNTS: usize = 100;
/// Viewers besides the browser.
const OTHERS: usize = 49;
/// Measured pushes.
const PUSHES: u64 = 60;

/// Measures, and adds the results to the report.
pub async fn run(home: &Arc<Home>, report: &mut Report) {
    let numbers = accounts::want(home, ACCOUNTS).await;
    let (mut stack, visitor, _) = start_telescope(home, numbers.len()).await;
    let browser = Browser::open(Scripts::On).await;
    sign_in(&browser, &stack).await;
    browser.goto(&stack.url("/accounts?stage=ready")).await;
    for others in [0, OTHERS] {
        let mut reading = tokio::task::JoinSet::new();
        for _ in 0..others {
            let mut live = Live::open(&visitor, "stage=ready").await;
            reading.spawn(async move { while live.next().await.is_some() {} });
        }
        let mut delays = Vec::new();
        for push in 0..setting("BENCH_PUSHES", PUSHES) {
            let number = &numbers[usize::try_from(push * 7).unwrap() % numbers.len()];
            delays.push(delay(&stack, &browser, number, &format!("Row {others} {push}.")).await);
        }
        println!("{} viewers, ms: {delays:?}", others + 1);
        let (middle, most) = (median(delays.clone()), percentile(delays, 95));
        let viewers = if others == 0 { "1 viewer".to_owned() } else { format!("{} viewers", others + 1) };
        let goal = Goal::AtMost(50.0);
        report.alone(&format!("push to changed row, {viewers}, median"), "ms", middle, goal);
        report.alone("push to changed row, 95th percentile", "ms", most, Goal::None);
    }
    browser.close().await;
    stack.stop().await;
}

/// The delay from pushing a name until the browser's table shows it, in milliseconds.
async fn delay(stack: &Stack, browser: &Browser, number: &str, name: &str) -> f64 {
    let watch = format!(
        "const done = arguments[arguments.length - 1];
         const rows = document.getElementById('rows');
         const watcher = new MutationObserver(() => {{
             if (!rows.textContent.includes('{name}')) return;
             watcher.disconnect();
             done(performance.timeOrigin + performance.now());
         }});
         watcher.observe(rows, {{ subtree: true, childList: true, characterData: true }});
         window.watchedOfTheTest = '{name}';"
    );
    let phones = stack.phones();
    let push = async {
        // Wait until chromedriver has installed the observer; it would miss an earlier push.
        tokio::time::sleep(std::time::Duration::from_millis(150)).await;
        let pushed = Clock::System.now().0;
        phones.set_name(number, name).await;
        pushed
    };
    let (seen, pushed) = tokio::join!(browser.ask::<f64>(&watch), push);
    #[allow(clippy::cast_precision_loss, reason = "milliseconds")]
    let pushed = pushed as f64;
    seen - pushed
}
