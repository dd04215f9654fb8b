//! `kill -9` of Telescope and of the process that runs TDLib at random moments, also while they start.

use std::sync::Arc;
use std::time::{Duration, Instant};

use fastrand::Rng;

use crate::common::{accounts, setting};
use crate::report::Report;
use crate::support::login::ADMIN;
use crate::support::processes::kill_hard;
use crate::support::stack::{Home, Stack, telescope};
use crate::support::visitor::Visitor;
use crate::support::waiting::until_true;
use crate::watch::{self, recovery, td_host};

const ACCOUNTS: usize = 30;
/// The longest pause in milliseconds between a recovery and the next kill.
const CALM: u64 = 3000;
/// One in three kills is repeated within this many milliseconds, while the process starts.
const STARTING: u64 = 400;

/// Runs it, and adds the results to the report.
pub async fn run(home: &Arc<Home>, accounts: usize, random: &mut Rng, report: &mut Report) {
    let count = accounts.min(ACCOUNTS);
    accounts::want(home, count).await;
    let mut stack = Stack::launch(Arc::clone(home), telescope(), Vec::new());
    stack.until_it_answers().await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let ready = watch::until_count(&visitor, "stage=ready", count, recovery()).await;
    report.promise("kills: accounts are ready at the beginning", &count.to_string(), ready.is_some());
    let before = watch::codes_asked(&stack.phones()).await;

    let kills = setting("SOAK_KILLS", 20);
    let (mut of_telescope, mut of_hosts, mut lost) = (Vec::new(), Vec::new(), 0);
    for kill in 1..=kills {
        tokio::time::sleep(Duration::from_millis(random.u64(..CALM))).await;
        let (host, twice) = (random.bool(), random.u8(..3) == 0);
        let again = twice.then(|| Duration::from_millis(random.u64(..STARTING)));
        let began =
            if host { kill_host(&stack, again).await } else { kill_telescope(&mut stack, again).await };
        let again = watch::until_count(&visitor, "stage=ready", count, recovery()).await;
        let took = began.elapsed().as_secs_f64();
        let what = if host { "td-host" } else { "Telescope" };
        println!(
            "kill {kill} of {kills}: {what}{}, ready after {took:.2} s",
            if twice { " twice" } else { "" }
        );
        match again {
            Some(_) if host => of_hosts.push(took),
            Some(_) => of_telescope.push(took),
            None => lost += 1,
        }
    }
    report.promise(
        "kills: all accounts are ready again",
        &format!("{kills} kills, {lost} without recovery"),
        lost == 0,
    );
    report.times("kills: Telescope killed until all are ready", &of_telescope);
    report.times("kills: td-host killed until all are ready", &of_hosts);
    let asked = watch::codes_asked(&stack.phones()).await.abs_diff(before);
    report.promise("kills: no code was requested", &asked.to_string(), asked == 0);
    let orderly = stack.stop().await.success();
    report.promise("kills: it shuts down in order afterwards", if orderly { "yes" } else { "no" }, orderly);
    watch::audit_log(home, report, "kills").await;
}

/// Kills the host, and possibly its successor; returns the time of the last kill, once another host runs.
async fn kill_host(stack: &Stack, again: Option<Duration>) -> Instant {
    let mut killed = Instant::now();
    for pause in [Some(Duration::ZERO), again].into_iter().flatten() {
        until_true("a td-host runs", recovery(), async || td_host(stack).is_some()).await;
        tokio::time::sleep(pause).await;
        let Some(host) = td_host(stack) else { continue };
        killed = Instant::now();
        kill_hard(host);
        let another = async || td_host(stack).is_some_and(|now| now != host);
        until_true("another td-host runs", recovery(), another).await;
    }
    killed
}

/// Kills Telescope, and possibly again while it starts; returns the time of the last kill, once it responds.
async fn kill_telescope(stack: &mut Stack, again: Option<Duration>) -> Instant {
    let mut killed = Instant::now();
    stack.kill_telescope().await;
    if let Some(pause) = again {
        stack.start_again_unheard().await;
        tokio::time::sleep(pause).await;
        killed = Instant::now();
        stack.kill_all();
    }
    stack.start_again().await;
    killed
}
