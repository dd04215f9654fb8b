//! Somebody with the database's file cuts the last entries off the audit trail, so that what is left is a perfect
//! chain. The next start notices, by the file that has the trail's end, and says so where it is seen.

use crate::support::browser::{Browser, Scripts};
use crate::support::login::{ADMIN, STEP, sign_in};
use crate::support::stack::Stack;
use crate::support::visitor::Visitor;
use crate::support::waiting::{until, until_true};

const WORDS: &str = "The audit trail is not what it was";

/// The number of the entry that the file has as the last.
fn known_end(stack: &Stack) -> i64 {
    let text = std::fs::read_to_string(stack.data("audit-head")).unwrap();
    text.split_once(' ').unwrap().0.parse().unwrap()
}

async fn trail(visitor: &Visitor) -> String {
    visitor.get("/audit").await.text().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_end_is_noticed_at_the_next_start() {
    let mut stack = Stack::start().await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    assert!(stack.stop().await.success());
    let whole = known_end(&stack);
    assert!(whole >= 3, "a start, a sign-in and a stop are written down: {whole}");

    stack.start_again().await;
    assert!(!trail(&visitor).await.contains(WORDS), "nothing was cut");
    until_true("the file follows the trail", STEP, async || known_end(&stack) > whole).await;
    // The file has what was committed even if nobody could say good-bye.
    stack.kill_all();
    stack.start_again().await;
    assert!(!trail(&visitor).await.contains(WORDS) && !stack.log().contains("NOT WHAT IT WAS"));
    assert!(stack.stop().await.success());

    let end = known_end(&stack);
    stack
        .tamper(&format!(
            "delete from audit_log where seq > {cut};
             update audit_head set seq = {cut}, mac = (select mac from audit_log where seq = {cut});",
            cut = end - 2
        ))
        .await;
    stack.start_again().await;
    assert!(stack.log().contains("THE AUDIT TRAIL IS NOT WHAT IT WAS"), "the log says so");
    let page = trail(&visitor).await;
    assert!(page.contains(WORDS) && page.contains("Entries at its end are missing"), "{page}");
    assert!(page.contains("audit.mismatch"), "the trail says so itself");
    let browser = Browser::open(Scripts::On).await;
    sign_in(&browser, &stack).await;
    browser.goto(&stack.url("/audit")).await;
    browser.pictures("audit-mismatch").await;
    browser.close().await;

    until("the file follows the trail again", STEP, async || (known_end(&stack) < end + 2).then_some(()))
        .await;
    assert!(stack.stop().await.success());
    stack.start_again().await;
    assert!(trail(&visitor).await.contains(WORDS), "one can read it after another start, too");
    assert_eq!(stack.log().matches("NOT WHAT IT WAS").count(), 1, "it is found once");
}

#[tokio::test(flavor = "multi_thread")]
async fn another_entry_in_the_place_of_the_last_is_noticed() {
    let mut stack = Stack::start().await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    assert!(stack.stop().await.success());
    let end = known_end(&stack);
    stack.tamper(&format!("update audit_log set mac = 'made.up' where seq = {end};")).await;
    stack.start_again().await;
    let page = trail(&visitor).await;
    assert!(page.contains("stands another one"), "{page}");

    assert!(stack.stop().await.success());
    std::fs::write(stack.data("audit-head"), "7").unwrap();
    stack.start_again().await;
    let page = trail(&visitor).await;
    assert!(page.contains("was damaged"), "{page}");
}
