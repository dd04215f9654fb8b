//! Somebody with the database's file cuts the last entries off the audit trail, so that what is left is a perfect
//! chain. The next start notices, by the file that has the trail's end, and says so where it is seen.

use std::process::Command;

use telescope::store::audit::HeadFile;

use crate::support::browser::{Browser, Scripts};
use crate::support::login::{ADMIN, STEP, sign_in};
use crate::support::stack::Stack;
use crate::support::visitor::Visitor;
use crate::support::waiting::{until, until_true};

const WORDS: &str = "Audit log verification failed";

/// The number of the last entry that the file names. A running server writes the file a moment after the first commit.
fn known_end_so_far(stack: &Stack) -> Option<i64> {
    let head = HeadFile::in_folder(&stack.data("")).read().unwrap();
    head.map(|head| head.seq)
}

/// The same once a server has stopped.
fn known_end(stack: &Stack) -> i64 {
    known_end_so_far(stack).expect("the server has written the file")
}

/// Cuts the trail so that it ends with this entry.
async fn cut(stack: &Stack, end: i64) {
    stack
        .tamper(&format!(
            "delete from audit_log where seq > {end};
             update audit_head set seq = {end}, mac = (select mac from audit_log where seq = {end})"
        ))
        .await;
}

async fn trail(visitor: &Visitor) -> String {
    visitor.get("/audit").await.text().await.unwrap()
}

/// Runs `telescope audit verify` with more words; whether all is well, and what it said.
async fn verify(stack: &Stack, more: &[&str]) -> (bool, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_telescope"));
    command.args(["audit", "verify"]).args(more).env_clear().envs(stack.environment());
    command.env("TELEGRAM_ENVIRONMENT", "test").env("LOG", "error").current_dir(stack.folder());
    let ran = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    (ran.status.success(), String::from_utf8([ran.stdout, ran.stderr].concat()).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_tells_whether_the_trail_is_as_it_was_written() {
    let mut stack = Stack::start().await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    until_true("the file is written", STEP, async || known_end_so_far(&stack).is_some()).await;
    let (well, said) = verify(&stack, &[]).await;
    assert!(well && said.contains("the audit log is as it was written."), "while the server runs: {said}");
    let (well, said) = verify(&stack, &["--head", "no such file"]).await;
    assert!(!well && said.contains("can't be read"), "{said}");

    visitor.does("/accounts/add-test", &[]).await;
    assert!(stack.stop().await.success());
    let copy = stack.folder().join("kept-elsewhere");
    std::fs::copy(stack.data("audit-head"), &copy).unwrap();
    let end = known_end(&stack);
    let kept = ["--head", copy.to_str().unwrap()];
    assert!(verify(&stack, &kept).await.0);

    stack
        .tamper(
            "update audit_log set details = replace(details, '99966', '99967') where code = 'account.added'",
        )
        .await;
    let (well, said) = verify(&stack, &[]).await;
    assert!(!well && said.contains("was changed") && said.starts_with(&format!("{end} entries")), "{said}");

    cut(&stack, 1).await;
    let (well, said) = verify(&stack, &kept).await;
    assert!(!well && said.contains(&format!("checkpoint, entry {end}")), "{said}");
    std::fs::remove_file(stack.data("audit-head")).unwrap();
    let (well, said) = verify(&stack, &[]).await;
    assert!(!well && said.contains("audit-head is missing"), "{said}");
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
    assert!(!trail(&visitor).await.contains(WORDS) && !stack.log().contains("DOES NOT MATCH ITS CHECKPOINT"));
    assert!(stack.stop().await.success());

    let end = known_end(&stack);
    cut(&stack, end - 2).await;
    stack.start_again().await;
    assert!(stack.log().contains("THE AUDIT LOG DOES NOT MATCH ITS CHECKPOINT"), "the log says so");
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
    assert_eq!(stack.log().matches("DOES NOT MATCH ITS CHECKPOINT").count(), 1, "it is found once");

    // It is not forgotten until an administrator says what happened.
    let (well, said) = verify(&stack, &[]).await;
    assert!(!well && said.contains("no administrator has acknowledged"), "{said}");
    let page = trail(&visitor).await;
    let (_, after) = page.split_once(r#"name="entry" value=""#).expect("a form to acknowledge it");
    let entry = after.split('"').next().unwrap().to_owned();
    visitor.does("/audit/acknowledge", &[("entry", &entry), ("reason", "Restored from a copy")]).await;
    assert!(!trail(&visitor).await.contains(WORDS));
    let (well, said) = verify(&stack, &[]).await;
    assert!(well, "{said}");
}

/// The file is not written anew before the trail was compared with what it says.
#[tokio::test(flavor = "multi_thread")]
async fn a_cut_end_is_noticed_while_the_server_runs() {
    let stack = Stack::start().await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    for _ in 0..3 {
        visitor.does("/accounts/add-test", &[]).await;
    }
    // A start, a sign-in and three accounts are committed, so the file will name the fifth entry or a later one.
    let written = async || known_end_so_far(&stack).filter(|end| *end >= 5);
    let end = until("the file follows the trail", STEP, written).await;
    cut(&stack, end - 2).await;
    visitor.does("/accounts/add-test", &[]).await;
    let says_so = async || trail(&visitor).await.contains(WORDS);
    until_true("the page says so", STEP, says_so).await;
    assert!(stack.log().contains("THE AUDIT LOG DOES NOT MATCH ITS CHECKPOINT"), "and so does the log");
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
    assert!(page.contains("was replaced by another one"), "{page}");

    assert!(stack.stop().await.success());
    std::fs::write(stack.data("audit-head"), "7").unwrap();
    stack.start_again().await;
    let page = trail(&visitor).await;
    assert!(page.contains("was damaged"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_missing_or_foreign_checkpoint_is_noticed() {
    let mut stack = Stack::start().await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    assert!(stack.stop().await.success());
    let file = stack.data("audit-head");
    let end = known_end(&stack);
    cut(&stack, end - 1).await;
    std::fs::remove_file(&file).unwrap();
    stack.start_again().await;
    assert!(trail(&visitor).await.contains("was missing"));
    assert!(stack.stop().await.success());

    // Somebody who reaches the file lets it name the end of the cut log.
    let signed = std::fs::read_to_string(&file).unwrap();
    let end = known_end(&stack);
    cut(&stack, end - 1).await;
    let kept: Vec<&str> = signed.trim_end().split(' ').collect();
    let [_, mac, proof] = kept.as_slice() else { panic!("{signed}") };
    for forged in [format!("{} {mac}\n", end - 1), format!("{} {mac} {proof}\n", end - 1)] {
        std::fs::write(&file, &forged).unwrap();
        let (well, said) = verify(&stack, &[]).await;
        assert!(!well && said.contains("was not written by Telescope"), "{said}");
    }
    stack.start_again().await;
    assert!(trail(&visitor).await.contains("was not written by Telescope"));
}
