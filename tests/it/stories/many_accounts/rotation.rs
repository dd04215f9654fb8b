//! New two-step passwords for all accounts of a group, while the server is killed and Telegram falters.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use telescope::domain::Phone;
use telescope::domain::{AccountId, GroupId};
use telescope::store::{Conn, StoreError, accounts, groups, secrets};

use super::is_valid;
use crate::support::login::{ADMIN, STEP, ready_account, token};
use crate::support::sqlite;
use crate::support::stack::Stack;
use crate::support::visitor::{Row, Visitor, attribute};
use crate::support::waiting::{until, until_true};

const PEOPLE: u16 = 200;
/// Logins and checks at the same time.
const AT_ONCE: usize = 8;
const KILLS: [i64; 3] = [20, 80, 140];
/// What all of them may take.
const PATIENCE: Duration = Duration::from_secs(240);
const METHOD: &str = "account.updatePasswordSettings";

/// Adds an account and logs it in; returns its id.
async fn log_in(visitor: &Visitor, number: u16) -> String {
    let phone = Phone::test(u8::try_from(number % 3).unwrap() + 1, number);
    let form = [("phone", phone.digits()), ("owner", ""), ("comment", "")];
    let account = visitor.does("/accounts/add", &form).await;
    until_stage(visitor, &account, "signed-out").await;
    let form = token(visitor, &account).await;
    visitor.does(&format!("{account}/login-action"), &[("token", &form), ("action", "send-code")]).await;
    until_stage(visitor, &account, "wait-code").await;
    let form = token(visitor, &account).await;
    // The code of a test number is its sixth digit, five times.
    let code = phone.digits()[5..6].repeat(5);
    visitor.does(&format!("{account}/provide"), &[("token", &form), ("code", &code)]).await;
    until_stage(visitor, &account, "ready").await;
    account.trim_start_matches("/accounts/").to_owned()
}

async fn until_stage(visitor: &Visitor, account: &str, stage: &str) {
    until_true(&format!("{account} becomes {stage}"), PATIENCE, async || {
        let page = visitor.get(account).await.text().await.unwrap();
        let step = page.split("<section ").find(|tag| tag.starts_with("id=\"step\"")).expect("a step");
        attribute(step, "data-stage").as_deref() == Some(stage)
    })
    .await;
}

/// A group with all accounts that there are.
async fn group_of_all(stack: &Stack) -> String {
    let db = stack.home().open_db().await;
    let group = GroupId::generate();
    db.maintain(async |conn: &mut Conn<'_>| -> Result<(), StoreError> {
        groups::insert(conn, group, "Everyone").await?;
        for account in accounts::all(conn).await? {
            groups::put_in(conn, group, account.id).await?;
        }
        Ok(())
    })
    .await
    .unwrap();
    db.close().await;
    group.to_string()
}

/// Starts new passwords for these accounts; returns the path of the task.
async fn start(visitor: &Visitor, selection: &[(&str, &str)]) -> String {
    let action = [("action", "new-two-step-password")];
    let page = visitor.post("/accounts/change", &[&action[..], selection].concat()).await;
    let page = page.text().await.unwrap();
    let inputs = page.split("<input ").filter(|tag| tag.starts_with("type=\"hidden\""));
    let fields: Vec<(String, String)> = inputs
        .map(|tag| (attribute(tag, "name").unwrap(), attribute(tag, "value").unwrap()))
        .filter(|(name, _)| ["action", "account", "job"].contains(&name.as_str()))
        .collect();
    let mut form: Vec<(&str, &str)> =
        fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    form.push(("step", "start"));
    visitor.does("/accounts/change", &form).await
}

async fn lines_in(stack: &Stack, state: &'static str) -> i64 {
    let sql = match state {
        "done" => "select count(*) from job_lines where state = 'done'",
        "open" => "select count(*) from job_lines where state in ('waiting', 'begun')",
        "begun" => "select count(*) from job_lines where state = 'begun'",
        _ => "select count(*) from job_lines where state in ('failed', 'unknown', 'stopped')",
    };
    sqlite::number(&stack.data("telescope.db"), sql).await
}

async fn until_over(stack: &Stack) {
    until_true("all lines are over", PATIENCE, async || lines_in(stack, "open").await == 0).await;
}

/// How often the password of each account was changed, as the audit log has it.
async fn changes(stack: &Stack) -> BTreeMap<String, usize> {
    let sql = "select account from audit_log where (code = 'password.changed' and outcome = 'done')
               or (code = 'password.settled' and details like '%after%')";
    let mut changes = BTreeMap::new();
    for account in sqlite::rows(&stack.data("telescope.db"), sql).await {
        *changes.entry(account).or_default() += 1;
    }
    changes
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_passwords_are_changed_once_each_though_the_server_is_killed_three_times() {
    let mut stack = Stack::start_with_settings(&[("CODES_PER_HOUR", "1000"), ("LOG", "info")]).await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let began = Instant::now();
    let numbers = futures_util::stream::iter(1..=PEOPLE);
    let ids: Vec<String> =
        numbers.map(|number| log_in(&visitor, number)).buffer_unordered(AT_ONCE).collect().await;
    println!("{PEOPLE} accounts were logged in after {:?}", began.elapsed());
    let group = group_of_all(&stack).await;
    let began = Instant::now();
    until("the group is known", STEP, async || {
        let page = visitor.get(&format!("/groups/{group}")).await.text().await.unwrap();
        page.contains("new-two-step-password").then_some(())
    })
    .await;
    let path = start(&visitor, &[("in_group", &group)]).await;
    for kill in KILLS {
        until("some are done", PATIENCE, async || (lines_in(&stack, "done").await >= kill).then_some(()))
            .await;
        stack.kill_telescope().await;
        println!("killed with {} lines begun", lines_in(&stack, "begun").await);
        stack.start_again().await;
    }
    until_over(&stack).await;
    println!("{PEOPLE} passwords were changed after {:?}", began.elapsed());
    let page = visitor.get(&path).await.text().await.unwrap();
    assert_eq!(lines_in(&stack, "done").await, i64::from(PEOPLE), "{page}");
    let changes = changes(&stack).await;
    assert_eq!(changes.len(), usize::from(PEOPLE));
    assert!(changes.values().all(|times| *times == 1), "{changes:?}");
    let visitor = &visitor;
    let valid = futures_util::stream::iter(&ids).map(async |id| is_valid(visitor, id).await);
    let valid: Vec<bool> = valid.buffer_unordered(AT_ONCE).collect().await;
    assert!(valid.iter().all(|valid| *valid), "each stored password opens its account");
}

/// Rows of the report: number, state and reason.
async fn report(visitor: &Visitor, path: &str) -> Vec<[String; 3]> {
    let file = visitor.get(&format!("{path}/report.csv")).await.text().await.unwrap();
    let mut reader = csv::Reader::from_reader(file.trim_start_matches('\u{feff}').as_bytes());
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let records = reader.records().map(|record| record.unwrap());
    records.map(|it| [digits(&it[0]), it[2].to_owned(), it[3].to_owned()]).collect()
}

async fn line_of(visitor: &Visitor, path: &str, row: &Row) -> [String; 3] {
    report(visitor, path).await.into_iter().find(|line| line[0] == row.phone).expect("the account has a line")
}

async fn stored(stack: &Stack, id: &str) -> bool {
    let id: AccountId = id.parse().unwrap();
    let db = stack.home().open_db().await;
    let unsettled = secrets::is_two_step_unsettled(&mut db.read().await.unwrap(), id).await.unwrap();
    db.close().await;
    !unsettled
}

/// One account is postponed by Telegram for an hour, one is banned, one is disconnected: the others go on. Then the rest is
/// retried.
#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_telegram_postpones_does_not_hold_up_the_others() {
    let stack = Stack::start().await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let phones = stack.phones();
    let mut rows = Vec::new();
    for _ in 0..4 {
        rows.push(ready_account(&stack, &visitor, None).await);
    }
    let [flooded, banned, off, good] = &rows[..] else { panic!("four accounts") };
    phones.refuse_with(METHOD, &flooded.phone, 420, "FLOOD_WAIT_3600", 1).await;
    phones.set_account(&banned.phone, "banned").await;
    visitor.until_stage(&banned.id, "ended", STEP).await;
    visitor.does(&format!("/accounts/{}/disconnect", off.id), &[]).await;
    let ids: Vec<(&str, &str)> = rows.iter().map(|row| ("account", row.id.as_str())).collect();
    let path = start(&visitor, &ids).await;
    until("the others are over", STEP, async || (lines_in(&stack, "open").await == 1).then_some(())).await;
    let waits = until("it waits", STEP, async || {
        Some(line_of(&visitor, &path, flooded).await).filter(|line| line[2].contains("Too many requests"))
    })
    .await;
    assert_eq!(waits[1], "waiting", "{waits:?}");
    assert_eq!(line_of(&visitor, &path, good).await[1], "done");
    for row in [banned, off] {
        let line = line_of(&visitor, &path, row).await;
        assert!(line[1] == "failed" && line[2].contains("isn't connected and logged in"), "{line:?}");
    }
    let page = visitor.get(&path).await.text().await.unwrap();
    assert!(page.contains("Next attempt at"), "the page says until when: {page}");

    // What is possible by now is retried; what waits is stopped.
    visitor.does(&format!("/accounts/{}/connect", off.id), &[]).await;
    visitor.until_stage(&off.id, "ready", STEP).await;
    visitor.does(&format!("{path}/stop"), &[]).await;
    until_over(&stack).await;
    assert_eq!(line_of(&visitor, &path, flooded).await[1], "stopped");
    visitor.does(&format!("{path}/retry"), &[]).await;
    until_over(&stack).await;
    for row in [flooded, off, good] {
        assert_eq!(line_of(&visitor, &path, row).await[1], "done");
        assert!(is_valid(&visitor, &row.id).await);
    }
    assert_eq!(line_of(&visitor, &path, banned).await[1], "failed");
}

/// Telegram changes a password and its answer is lost: the line waits until that is known, and does not change it again.
#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_found_out_about() {
    let stack = Stack::start().await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let phones = stack.phones();
    let (changed, unchanged) =
        (ready_account(&stack, &visitor, None).await, ready_account(&stack, &visitor, None).await);
    phones.refuse(METHOD, &changed.phone, "ANSWER_LOST", 1).await;
    phones.refuse(METHOD, &unchanged.phone, "REQUEST_LOST", 1).await;
    let path = start(&visitor, &[("account", &changed.id), ("account", &unchanged.id)]).await;
    until("both are asked", STEP, async || (lines_in(&stack, "begun").await == 2).then_some(())).await;
    until_over(&stack).await;
    for row in [&changed, &unchanged] {
        let line = line_of(&visitor, &path, row).await;
        assert_eq!(line[1], "done", "{line:?}");
        assert!(stored(&stack, &row.id).await && is_valid(&visitor, &row.id).await);
    }
    assert!(changes(&stack).await.values().all(|times| *times == 1));
}

/// TDLib itself waits for a short pause that Telegram demands, and longer than a person would wait for an answer. By the
/// time it asks again, it was found out that nothing was changed, and the line was done.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_is_asked_for_late_loses_no_password() {
    let stack = Stack::start().await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let account = ready_account(&stack, &visitor, None).await;
    stack.phones().refuse_with(METHOD, &account.phone, 420, "FLOOD_WAIT_40", 1).await;
    let path = start(&visitor, &[("account", &account.id)]).await;
    until_over(&stack).await;
    assert_eq!(line_of(&visitor, &path, &account).await[1], "done");
    let calls = async || stack.phones().calls(METHOD, &account.phone).await == 3;
    until_true("the first request comes late", PATIENCE, calls).await;
    assert!(is_valid(&visitor, &account.id).await);
    assert!(changes(&stack).await.values().all(|times| *times == 1));
}
