//! With many accounts, every connection to Telegram drops at once; then Telescope itself restarts.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::common::accounts;
use crate::report::Report;
use crate::support::login::ADMIN;
use crate::support::processes::kill_hard;
use crate::support::stack::{Home, Stack, telescope};
use crate::support::visitor::Visitor;
use crate::watch::{self, recovery};

const IN_TOUCH: &str = "stage=ready&line=in-touch";

/// Runs it, and adds the results to the report.
pub async fn run(home: &Arc<Home>, count: usize, report: &mut Report) {
    accounts::want(home, count).await;
    let mut stack = Stack::launch(Arc::clone(home), telescope(), Vec::new());
    let began = Instant::now();
    stack.until_it_answers().await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let touch = watch::until_count(&visitor, IN_TOUCH, count, recovery()).await;
    let seen = format!("after {:.2} s", began.elapsed().as_secs_f64());
    report.promise(&format!("outage: {count} accounts are connected"), &seen, touch.is_some());
    let asked = watch::codes_asked(&stack.phones()).await;

    let server = stack.server_pid();
    let began = Instant::now();
    kill_hard(server);
    stack.until_another_server(server).await;
    // Wait until the outage is noticed, or the count would be the old one.
    let mut noticed = false;
    while !noticed && began.elapsed() < Duration::from_secs(20) {
        noticed = watch::count(&visitor, IN_TOUCH).await < count;
    }
    let touch = watch::until_count(&visitor, IN_TOUCH, count, recovery()).await;
    let seen = format!("after {:.2} s", began.elapsed().as_secs_f64());
    report.promise("outage: it is detected", if noticed { "yes" } else { "no" }, noticed);
    report.promise("outage: all are connected again", &seen, touch.is_some());

    stack.kill_telescope().await;
    let began = Instant::now();
    stack.start_again().await;
    let ready = watch::until_count(&visitor, "stage=ready", count, recovery()).await;
    let seen = format!("after {:.2} s", began.elapsed().as_secs_f64());
    report.promise("outage: all are ready after a restart of Telescope", &seen, ready.is_some());
    let asked = watch::codes_asked(&stack.phones()).await.abs_diff(asked);
    report.promise("outage: no code was requested", &asked.to_string(), asked == 0);
    stack.stop().await;
    watch::audit_log(home, report, "outage").await;
}
