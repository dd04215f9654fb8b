//! Ctrl-C in the terminal that runs the demo: everything shuts down in order, and the sessions are kept.

use crate::support::login::{ADMIN, STEP, ready_account};
use crate::support::stack::Stack;
use crate::support::visitor::Visitor;

#[tokio::test(flavor = "multi_thread")]
async fn ctrl_c_stops_everything_and_sessions_survive() {
    let mut stack = Stack::start().await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let account = ready_account(&stack, &visitor, None).await;

    let status = stack.interrupt().await;
    assert!(status.success(), "{status}");
    let log = stack.log();
    assert!(log.contains("stopped"), "Telescope stopped in order");
    for trouble in ["panicked", "Aborted", "SIGSEGV"] {
        assert!(!log.contains(trouble), "{trouble}");
    }

    stack.start_again().await;
    visitor.until_stage(&account.id, "ready", STEP).await;
    assert_eq!(stack.phones().codes_asked_for(&account.phone).await, 1);
}
