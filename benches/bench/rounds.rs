//! The rounds in which Telescope and the bare program alternate: time until all accounts are ready, memory, login codes,
//! and CPU time while idle.

use std::sync::Arc;
use std::time::Duration;

use telescope::clock::Clock;

use crate::codes;
use crate::common::live::Live;
use crate::common::{accounts, bare, launch_noting, median, process, setting, started};
use crate::report::{Goal, Report};
use crate::support::login::{ADMIN, STEP};
use crate::support::stack::{Home, Stack, telescope};
use crate::support::visitor::Visitor;
use crate::support::waiting::until_true;

const KIB: f64 = 1024.0;
const MIB: f64 = 1024.0 * 1024.0;

/// The results of one program.
#[derive(Default)]
struct Figures {
    ready: Vec<f64>,
    /// Until all are connected to Telegram.
    touch: Vec<f64>,
    /// CPU seconds until then: less affected by other load on the machine.
    work: Vec<f64>,
    /// Of all processes.
    memory: Vec<f64>,
    /// Of the process that runs TDLib.
    tdlib_memory: Vec<f64>,
    codes: Vec<f64>,
    backlog: Vec<f64>,
    idle: f64,
}

/// Both programs with one number of accounts.
#[derive(Default)]
struct Pair {
    ours: Figures,
    bare: Figures,
}

/// Measures, and adds the results to the report.
pub async fn run(home: &Arc<Home>, fewer: usize, more: usize, report: &mut Report) {
    let rounds = setting("BENCH_ROUNDS", 3);
    let (mut small, mut large) = (Pair::default(), Pair::default());
    for (count, pair) in [(fewer, &mut small), (more, &mut large)] {
        let numbers = accounts::want(home, count).await;
        for round in 1..=rounds {
            println!("{count} accounts, round {round} of {rounds}");
            let last = count == more && round == rounds;
            telescope_round(home, &numbers, last, &mut pair.ours).await;
            bare_round(home, &numbers, last, &mut pair.bare).await;
        }
    }
    tell(report, fewer, more, small, large);
}

fn tell(report: &mut Report, fewer: usize, more: usize, small: Pair, large: Pair) {
    let seconds = Goal::AtMost(1.2);
    let middle = |all: &Vec<f64>| median(all.clone());
    for (count, pair) in [(fewer, &small), (more, &large)] {
        let what = format!("saved sessions until all {count} are ready");
        report.beside(&what, "s", middle(&pair.ours.ready), middle(&pair.bare.ready), seconds);
        let what = format!("until all {count} are connected to Telegram");
        report.beside(&what, "s", middle(&pair.ours.touch), middle(&pair.bare.touch), Goal::None);
        let what = format!("CPU time until all {count} are connected");
        report.beside(&what, "s", middle(&pair.ours.work), middle(&pair.bare.work), Goal::None);
    }
    #[allow(clippy::cast_precision_loss, reason = "a number of accounts")]
    let between = (more - fewer) as f64;
    let slope = |pick: fn(&Figures) -> &Vec<f64>, of: fn(&Pair) -> &Figures| {
        (middle(pick(of(&large))) - middle(pick(of(&small)))) / between / KIB
    };
    let bare = slope(|it| &it.memory, |pair| &pair.bare);
    let ours = slope(|it| &it.memory, |pair| &pair.ours);
    let tdlib = slope(|it| &it.tdlib_memory, |pair| &pair.ours);
    report.beside("memory (PSS) per additional account", "KiB", ours, bare, Goal::AtMost(1.1));
    report.beside("memory (PSS) per additional account, td-host only", "KiB", tdlib, bare, Goal::None);
    for (count, pair) in [(fewer, &small), (more, &large)] {
        let (ours, bare) = (middle(&pair.ours.memory) / MIB, middle(&pair.bare.memory) / MIB);
        report.beside(&format!("total memory (PSS), {count} accounts"), "MiB", ours, bare, Goal::None);
    }
    let (ours, bare) = (&large.ours, &large.bare);
    let what = "login codes per second, as fast as they are pushed";
    report.beside(what, "/s", middle(&ours.codes), middle(&bare.codes), Goal::AtLeast(0.7));
    let what = "login codes per second, all waiting";
    report.beside(what, "/s", middle(&ours.backlog), middle(&bare.backlog), Goal::AtLeast(0.7));
    let seconds = setting("BENCH_IDLE_SECONDS", 60);
    let what = format!("CPU time in {seconds} idle seconds, {more} accounts");
    report.beside(&what, "s", ours.idle, bare.idle, Goal::None);
}

/// Starts Telescope on this home with a signed-in visitor; returns the seconds until all accounts were ready and until
/// all were connected.
pub async fn start_telescope(home: &Arc<Home>, count: usize) -> (Stack, Visitor, [f64; 2]) {
    // The visitor signs in first, so that only the accounts' start is measured.
    let mut stack = Stack::launch(Arc::clone(home), telescope(), Vec::new());
    stack.until_it_answers().await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    Live::open(&visitor, "").await.until_ready(count).await;
    stack.stop().await;
    drop(stack);

    let stack = launch_noting(home, telescope(), &[("LOG", "info"), ("STREAMS_PER_USER", "100")]);
    stack.until_it_listens().await;
    let ready = Live::open(&visitor, "").await.until_ready(count).await;
    until_true("all are connected", STEP, async || {
        let page = visitor.get("/accounts?stage=ready&line=in-touch").await.text().await.unwrap();
        page.contains(&format!("of {count}")) || page.matches("<tr id=").count() == count
    })
    .await;
    let touch = Clock::System.now().0;
    (stack, visitor, [ready, touch].map(|at| seconds(at - started(home))))
}

async fn telescope_round(home: &Arc<Home>, numbers: &[String], last: bool, figures: &mut Figures) {
    let (mut stack, visitor, [ready, touch]) = start_telescope(home, numbers.len()).await;
    figures.ready.push(ready);
    figures.touch.push(touch);
    let host = stack.td_host_pid();
    let pids = process::programs(&stack.parts());
    let memory = process::settled_pss(&pids).await;
    figures.work.push(pids.iter().map(|pid| process::cpu_seconds(*pid)).sum());
    figures.memory.push(memory.iter().sum());
    figures.tdlib_memory.push(pids.iter().zip(&memory).filter(|(pid, _)| **pid == host).map(|it| it.1).sum());
    figures.codes.push(codes::seen_by_telescope(&stack, &visitor, numbers, None).await);
    figures.backlog.push(codes::seen_by_telescope(&stack, &visitor, numbers, Some(host)).await);
    if last {
        figures.idle = idle(&pids).await;
    }
    stack.stop().await;
}

async fn bare_round(home: &Arc<Home>, numbers: &[String], last: bool, figures: &mut Figures) {
    let mut stack = bare::launch(home).await;
    let ready = bare::until_said(&stack, "ready", numbers.len()).await;
    figures.ready.push(seconds(ready - started(home)));
    let touch = bare::until_said(&stack, "touch", numbers.len()).await;
    figures.touch.push(seconds(touch - started(home)));
    let pids = process::programs(&stack.parts());
    let memory: f64 = process::settled_pss(&pids).await.iter().sum();
    figures.work.push(pids.iter().map(|pid| process::cpu_seconds(*pid)).sum());
    figures.memory.push(memory);
    figures.tdlib_memory.push(memory);
    figures.codes.push(codes::seen_by_bare(&stack, numbers, None).await);
    figures.backlog.push(codes::seen_by_bare(&stack, numbers, Some(pids[0])).await);
    if last {
        figures.idle = idle(&pids).await;
    }
    stack.stop().await;
}

/// The CPU time of these processes while idle.
async fn idle(pids: &[i32]) -> f64 {
    let used = || pids.iter().map(|pid| process::cpu_seconds(*pid)).sum::<f64>();
    let before = used();
    tokio::time::sleep(Duration::from_secs(setting("BENCH_IDLE_SECONDS", 60))).await;
    used() - before
}

fn seconds(millis: i64) -> f64 {
    f64::from(i32::try_from(millis).unwrap()) / 1000.0
}
