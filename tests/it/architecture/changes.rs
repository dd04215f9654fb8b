//! The changes of the database without an audit entry: only bookkeeping, no actions of people. Everything else goes
//! through `Context::write`, which does not compile without an entry.

use super::files;

/// The files that call `Db::maintain` outside the store, how often, and for what.
const WITHOUT_AN_ENTRY: &[(&str, usize, &str)] = &[
    ("src/context.rs", 1, "the Telegram environment"),
    ("src/jobs/mod.rs", 1, "the next step of a job"),
    ("src/jobs/remove_account.rs", 1, "the end of a job whose account is removed"),
    ("src/jobs/runner.rs", 2, "when a job is retried, and why"),
    ("src/ops/approvals/view.rs", 1, "deletes old requests"),
    ("src/ops/audit/retention.rs", 1, "removes details, between two entries about that"),
    ("src/ops/bots.rs", 1, "that Telegram rejected a stored token"),
    ("src/ops/devices/lists.rs", 1, "the list of an account's devices, if nothing in it is news"),
    ("src/ops/invites/list/result.rs", 1, "deletes old lists of people to invite"),
    ("src/ops/lines/report.rs", 1, "deletes the lines of old tasks"),
    ("src/ops/lines/work.rs", 3, "how far the lines of tasks are; their actions have entries"),
    ("src/ops/login/budget.rs", 1, "requests for a code that Telegram does not count"),
    ("src/ops/two_step.rs", 1, "whether Telegram accepted a stored password"),
    ("src/tasks/account_history.rs", 1, "the last known state of accounts"),
    ("src/tasks/pictures.rs", 1, "the profile pictures of accounts"),
];

#[test]
fn changes_without_an_audit_entry_are_listed() {
    let found: Vec<(String, usize)> = files("src", "rs")
        .into_iter()
        .filter(|(path, _)| !path.starts_with("src/store/"))
        .map(|(path, text)| (path, text.matches(".maintain(").count()))
        .filter(|(_, count)| *count > 0)
        .collect();
    let listed: Vec<(String, usize)> =
        WITHOUT_AN_ENTRY.iter().map(|(path, count, _)| ((*path).to_owned(), *count)).collect();
    assert_eq!(found, listed);
}

#[test]
fn entries_are_written_only_by_transactions() {
    for (path, text) in files("src", "rs") {
        if path != "src/store/tx.rs" && path != "src/store/audit.rs" {
            assert!(!text.contains("audit::append("), "{path} writes an audit entry directly");
        }
    }
}
