//! Every line to Telegram drops at once, with many accounts; then Telescope itself starts anew.

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

/// Drops the lines, and tells the report.
pub async fn run(home: &Arc<Home>, count: usize, report: &mut Report) {
    accounts::want(home, count).await;
    let mut stack = Stack::launch(Arc::clone(home), telescope(), Vec::new());
    let began = Instant::now();
    stack.until_it_answers().await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let touch = watch::until_count(&visitor, IN_TOUCH, count, recovery()).await;
    let seen = format!("after {:.2} s", began.elapsed().as_secs_f64());
    report.promise(&format!("outage: {count} accounts are in touch"), &seen, touch.is_some());
    let asked = watch::codes_asked(&stack.phones()).await;

    let server = stack.server_pid();
    let began = Instant::now();
    kill_hard(server);
    stack.until_another_server(server).await;
    // They have to be seen out of touch first, or the count would be that of before.
    let mut noticed = false;
    while !noticed && began.elapsed() < Duration::from_secs(20) {
        noticed = watch::count(&visitor, IN_TOUCH).await < count;
    }
    let touch = watch::until_count(&visitor, IN_TOUCH, count, recovery()).await;
    let seen = format!("after {:.2} s", began.elapsed().as_secs_f64());
    report.promise("outage: it is noticed", if noticed { "yes" } else { "no" }, noticed);
    report.promise("outage: all are in touch again", &seen, touch.is_some());

    stack.kill_telescope().await;
    let began = Instant::now();
    stack.start_again().await;
    let ready = watch::until_count(&visitor, "stage=ready", count, recovery()).await;
    let seen = format!("after {:.2} s", began.elapsed().as_secs_f64());
    report.promise("outage: Telescope started anew, all are ready", &seen, ready.is_some());
    let asked = watch::codes_asked(&stack.phones()).await.abs_diff(asked);
    report.promise("outage: no code was asked for", &asked.to_string(), asked == 0);
    stack.stop().await;
    watch::audit_trail(home, report, "outage").await;
}
