//! A long mix of normal use and faults: codes arrive, people open and close pages, disconnect and connect accounts, hosts
//! and servers die. The memory of every process is measured.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use fastrand::Rng;

use crate::common::live::Live;
use crate::common::{accounts, median, process, setting};
use crate::report::Report;
use crate::support::login::ADMIN;
use crate::support::processes::{Process, kill_hard};
use crate::support::stack::{Home, Stack, telescope};
use crate::support::visitor::{Row, Visitor, attribute};
use crate::watch::{self, recovery, td_host};

/// The longest pause between two actions, in milliseconds.
const PAUSE: u64 = 400;
/// How often memory is measured.
const SAMPLE: Duration = Duration::from_secs(5);
/// How many accounts are disconnected at the same time at most.
const DISCONNECTED: usize = 10;
const MIB: f64 = 1024.0 * 1024.0;

/// The number of actions, and the memory use of the processes.
#[derive(Default)]
struct Diary {
    deeds: BTreeMap<&'static str, u64>,
    weights: BTreeMap<&'static str, Vec<f64>>,
    disconnected: Vec<Row>,
}

/// Runs it, and adds the results to the report.
pub async fn run(home: &Arc<Home>, count: usize, random: &mut Rng, report: &mut Report) {
    let minutes = setting("SOAK_MINUTES", 60);
    accounts::want(home, count).await;
    let mut stack = Stack::launch(Arc::clone(home), telescope(), Vec::new());
    stack.until_it_answers().await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let ready = watch::until_count(&visitor, "stage=ready", count, recovery()).await;
    report.promise("mix: accounts are ready at the beginning", &count.to_string(), ready.is_some());
    let before = watch::codes_asked(&stack.phones()).await;
    let rows = visitor.rows().await;

    let mut diary = Diary::default();
    let (began, mut sampled) = (Instant::now(), None::<Instant>);
    while began.elapsed() < Duration::from_secs(minutes * 60) {
        let deed = deed(&stack, &visitor, &rows, random, &mut diary).await;
        *diary.deeds.entry(deed).or_default() += 1;
        if sampled.is_none_or(|at| at.elapsed() > SAMPLE) {
            sampled = Some(Instant::now());
            weigh(&stack, &mut diary);
        }
        tokio::time::sleep(Duration::from_millis(random.u64(..PAUSE))).await;
    }
    for row in std::mem::take(&mut diary.disconnected) {
        visitor.does(&format!("/accounts/{}/connect", row.id), &[]).await;
    }
    let touch = watch::until_count(&visitor, "stage=ready&line=in-touch", count, recovery()).await;
    tell(report, &diary, minutes);
    report.promise("mix: all are ready and connected afterwards", &count.to_string(), touch.is_some());
    let named = names_arrive(&stack, &visitor, &rows).await;
    let seen = format!("{named} of {}", rows.len());
    report.promise("mix: updates from Telegram still arrive in rows", &seen, named == rows.len());
    let asked = watch::codes_asked(&stack.phones()).await.abs_diff(before);
    report.promise("mix: no code was requested", &asked.to_string(), asked == 0);
    let log = stack.log();
    let panics = log.matches("panicked").count();
    report.promise("mix: nothing panicked", &panics.to_string(), panics == 0);
    stack.stop().await;
    watch::audit_log(home, report, "mix").await;
}

/// Does one random action; returns its name.
async fn deed(
    stack: &Stack,
    visitor: &Visitor,
    rows: &[Row],
    random: &mut Rng,
    diary: &mut Diary,
) -> &'static str {
    let row = &rows[random.usize(..rows.len())];
    let is_off = |row: &Row| diary.disconnected.iter().any(|off| off.id == row.id);
    // A few dozen kills in total, however long it runs: memory needs time to grow between restarts.
    let rarely = u32::try_from(setting("SOAK_MINUTES", 60)).unwrap() * 20;
    match random.u32(..rarely) {
        0 => {
            let host = td_host(stack);
            host.into_iter().for_each(kill_hard);
            return "a td-host was killed";
        }
        1 => {
            let server = stack.parts().into_iter().find(|part| role(part) == Some("sandbox"));
            server.iter().for_each(|server| kill_hard(server.pid));
            if let Some(server) = server {
                stack.until_another_server(server.pid).await;
            }
            return "the server was killed";
        }
        _ => {}
    }
    match random.u8(..100) {
        0..10 if diary.disconnected.len() < DISCONNECTED && !is_off(row) => {
            visitor.does(&format!("/accounts/{}/disconnect", row.id), &[]).await;
            diary.disconnected.push(row.clone());
            "an account was disconnected"
        }
        10..20 if !diary.disconnected.is_empty() => {
            let row = diary.disconnected.swap_remove(random.usize(..diary.disconnected.len()));
            visitor.does(&format!("/accounts/{}/connect", row.id), &[]).await;
            "an account was connected"
        }
        20..35 => {
            let mut live = Live::open(visitor, "").await;
            let looking = Duration::from_millis(random.u64(..20_000));
            tokio::spawn(async move {
                let read = async { while live.next().await.is_some() {} };
                let _ = tokio::time::timeout(looking, read).await;
            });
            "a stream was opened and closed"
        }
        35..50 => {
            let page = random.u8(1..4);
            assert_eq!(visitor.get(&format!("/accounts?page={page}")).await.status(), 200);
            assert_eq!(visitor.get(&format!("/accounts/{}", row.id)).await.status(), 200);
            "pages were opened"
        }
        _ => {
            let text = format!("Login code: {}. Do not give it to anyone.", random.u32(10_000..99_999));
            stack.phones().send_message(&row.phone, &text).await;
            "a code was pushed"
        }
    }
}

/// The name of a process in the table.
fn role(part: &Process) -> Option<&'static str> {
    if part.line.iter().any(|word| word == "--handed-over") {
        Some("sandbox")
    } else if part.runs("td-host") {
        Some("td-host")
    } else {
        part.runs("serve").then_some("telescope serve")
    }
}

fn weigh(stack: &Stack, diary: &mut Diary) {
    for part in stack.parts() {
        if let Some(role) = role(&part) {
            diary.weights.entry(role).or_default().push(process::pss(part.pid));
        }
    }
}

fn tell(report: &mut Report, diary: &Diary, minutes: u64) {
    for (deed, times) in &diary.deeds {
        report.figure(&format!("mix, {minutes} minutes: {deed}"), &format!("{times} times"));
    }
    for (role, all) in &diary.weights {
        let part = all.len().div_ceil(4).max(1);
        let (first, last) = (&all[..part], &all[all.len() - part..]);
        let (first, last) = (median(first.to_vec()) / MIB, median(last.to_vec()) / MIB);
        let seen = format!("{first:.1} to {last:.1} MiB, {:+.1} %", (last / first - 1.0) * 100.0);
        report.figure(&format!("mix: memory (PSS) of {role}, first to last quarter"), &seen);
    }
}

/// Gives every listed account a new name; returns how many of the names arrive.
async fn names_arrive(stack: &Stack, visitor: &Visitor, rows: &[Row]) -> usize {
    let name = "After the soak";
    for row in rows {
        stack.phones().set_name(&row.phone, name).await;
    }
    let began = Instant::now();
    let mut named = HashSet::new();
    while named.len() < rows.len() && began.elapsed() < Duration::from_secs(20) {
        let page = visitor.get("/accounts").await.text().await.unwrap();
        let fitting = page.split("<tr ").skip(1).filter(|row| row.contains(name));
        named = fitting.filter_map(|row| attribute(row, "data-phone")).collect();
    }
    named.len()
}
