//! An account is removed, or only logged out. A removal leaves nothing that could resume the session, neither at Telegram
//! nor on disk, and is completed whatever happens meanwhile.

use std::path::PathBuf;

use telescope::clock::Clock;
use telescope::config::Dsn;
use telescope::domain::AccountId;
use telescope::domain::job::{JobKind, JobRecord, JobState};
use telescope::domain::{DesiredState, JobId};
use telescope::store::{self, Db, StoreError};

use crate::support::browser::{Browser, Scripts};
use crate::support::login::{ADMIN, STEP, added_account, ask, give_code, ready_account, sign_in};
use crate::support::processes;
use crate::support::stack::Stack;
use crate::support::visitor::{Row, Visitor};
use crate::support::waiting::until_true;

fn digits(row: &Row) -> &str {
    &row.phone[row.phone.len() - 4..]
}

async fn page(visitor: &Visitor, path: &str) -> String {
    visitor.get(path).await.text().await.unwrap()
}

/// The number's sessions at Telegram.
async fn sessions(stack: &Stack, row: &Row) -> usize {
    let phone = stack.phones().phone(&row.phone).await.expect("the phone is known");
    phone["sessions"].as_array().expect("a list").len()
}

async fn until_gone(visitor: &Visitor, row: &Row) {
    until_true("the account is gone", STEP * 2, async || {
        visitor.rows().await.iter().all(|other| other.id != row.id)
    })
    .await;
}

fn folders(stack: &Stack) -> Vec<PathBuf> {
    stack
        .files()
        .into_iter()
        .filter(|file| file.components().any(|part| part.as_os_str() == "accounts"))
        .collect()
}

async fn open(stack: &Stack) -> Db {
    Db::open(&Dsn::in_folder(&stack.data(""))).await.unwrap()
}

/// How many entries with this code and the outcome done there are.
async fn done(visitor: &Visitor, account: &str, code: &str) -> usize {
    page(visitor, &format!("/audit?account={account}&code={code}")).await.matches(">Done</span></td>").count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removed_account_leaves_nothing_that_could_resume_it() {
    let mut stack = Stack::start().await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let account = ready_account(&stack, &visitor, Some("correct horse")).await;
    let other = ready_account(&stack, &visitor, None).await;
    visitor.does(&format!("/accounts/{}/password", account.id), &[("password", "correct horse")]).await;
    let remove = format!("/accounts/{}/remove", account.id);

    for wrong in ["", "123", "0000000", "12a4"] {
        let answer = visitor.post(&remove, &[("digits", wrong)]).await;
        let (status, said) = (answer.status(), answer.text().await.unwrap());
        assert_eq!(status, 422, "{wrong}: {said}");
        assert!(said.contains("last four digits"), "{said}");
    }
    visitor.until_stage(&account.id, "ready", STEP).await;

    let browser = Browser::open(Scripts::On).await;
    sign_in(&browser, &stack).await;
    browser.goto(&stack.url("/jobs")).await;
    assert!(browser.text("#jobs").await.contains("Nothing running"));
    visitor.does(&remove, &[("digits", digits(&account))]).await;
    browser.until_shown("#jobs .badge.good", STEP).await;
    until_gone(&visitor, &account).await;
    assert_eq!(visitor.get(&format!("/accounts/{}", account.id)).await.status(), 404);
    assert_eq!(sessions(&stack, &account).await, 0, "Telegram has no session of it");
    assert_eq!(stack.phones().calls("auth.logOut", &account.phone).await, 1);
    assert_eq!(folders(&stack).len(), folders_of_one(&stack), "only the other account's folder is left");
    for code in ["session.logged-out", "account.folder.destroyed", "account.removed"] {
        assert_eq!(done(&visitor, &account.id, code).await, 1, "{code}");
    }

    // The same number again: a new account, which is not logged in.
    visitor.does("/accounts/add", &[("phone", &account.phone), ("owner", ""), ("comment", "")]).await;
    let again = visitor.rows().await.into_iter().find(|row| row.phone == account.phone).unwrap();
    assert_ne!(again.id, account.id);
    visitor.until_stage(&again.id, "signed-out", STEP).await;
    visitor.until_stage(&other.id, "ready", STEP).await;
    browser.close().await;

    assert!(stack.stop().await.success());
    let db = open(&stack).await;
    let id: AccountId = account.id.parse().unwrap();
    let conn = &mut db.read().await.unwrap();
    assert!(store::secrets::two_step_password(conn, id).await.unwrap().is_none(), "the secret is deleted");
}

/// The number of files in the remaining account's folder.
fn folders_of_one(stack: &Stack) -> usize {
    let mut parents: Vec<_> =
        folders(stack).into_iter().filter_map(|file| Some(file.parent()?.to_owned())).collect();
    parents.sort();
    parents.dedup();
    assert_eq!(parents.len(), 1, "{parents:?}");
    folders(stack).len()
}

#[tokio::test(flavor = "multi_thread")]
async fn logging_out_does_not_remove_the_account() {
    let stack = Stack::start().await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let account = ready_account(&stack, &visitor, None).await;
    let path = format!("/accounts/{}", account.id);

    visitor.does(&format!("{path}/log-out"), &[]).await;
    visitor.until_stage(&account.id, "logged-out", STEP).await;
    assert!(page(&visitor, &path).await.contains("This account was logged out here"));
    assert_eq!(sessions(&stack, &account).await, 0);
    let nothing = visitor.post(&format!("{path}/log-out"), &[]).await;
    assert_eq!(nothing.status(), 409);
    assert!(nothing.text().await.unwrap().contains("no session to end"));

    ask(&visitor, &account).await;
    visitor.until_stage(&account.id, "wait-code", STEP).await;
    give_code(&stack, &visitor, &account).await;
    visitor.until_stage(&account.id, "ready", STEP).await;
}

/// While Telegram is silent, the removal waits and says so, also after a crash.
#[tokio::test(flavor = "multi_thread")]
async fn a_removal_waits_for_telegram_and_survives_a_crash() {
    let mut stack = Stack::start().await;
    let mut visitor = Visitor::sign_in(&stack, ADMIN).await;
    let account = ready_account(&stack, &visitor, None).await;
    let never = added_account(&visitor).await;
    let server = stack.server_pid();
    processes::suspend(server).await;
    for row in [&account, &never] {
        visitor.does(&format!("/accounts/{}/remove", row.id), &[("digits", digits(row))]).await;
    }
    // An account that was never logged in needs no confirmation from Telegram.
    until_gone(&visitor, &never).await;
    let list = page(&visitor, "/accounts").await;
    assert!(list.contains("Being removed"), "{list}");
    let refused = visitor.post(&format!("/accounts/{}/connect", account.id), &[]).await;
    assert_eq!(refused.status(), 403, "an account that is being removed can't be connected");
    let refused =
        visitor.post("/accounts/add", &[("phone", &account.phone), ("owner", ""), ("comment", "")]).await;
    assert_eq!(refused.status(), 422);
    assert!(refused.text().await.unwrap().contains("is being removed"));

    stack.kill_telescope().await;
    stack.start_again().await;
    visitor = Visitor::sign_in(&stack, ADMIN).await;
    until_gone(&visitor, &account).await;
    assert_eq!(sessions(&stack, &account).await, 0);
    assert!(folders(&stack).is_empty(), "{:?}", folders(&stack));
    assert_eq!(done(&visitor, &account.id, "account.removed").await, 1);
}

/// After a crash in any step, the next start continues from there, and nothing is done twice.
#[tokio::test(flavor = "multi_thread")]
async fn a_removal_continues_from_each_step() {
    let mut stack = Stack::start().await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let mut accounts = Vec::new();
    for _ in 0..3 {
        accounts.push(ready_account(&stack, &visitor, None).await);
    }
    stack.kill_telescope().await;
    let db = open(&stack).await;
    for (account, cursor) in accounts.iter().zip(["log-out", "destroy", "forget"]) {
        let id: AccountId = account.id.parse().unwrap();
        let now = Clock::System.now();
        let job = JobRecord {
            id: JobId::generate(),
            kind: JobKind::RemoveAccount,
            args: account.id.clone(),
            cursor: Some(cursor.into()),
            state: JobState::Waiting,
            attempts: 0,
            not_before: now,
            error: None,
            actor: ADMIN.into(),
            created: now,
        };
        if cursor == "forget" {
            let folder =
                store::accounts::get(&mut db.read().await.unwrap(), id).await.unwrap().unwrap().folder;
            std::fs::remove_dir_all(stack.accounts().join(folder)).unwrap();
        }
        db.maintain(async |conn| -> Result<(), StoreError> {
            store::accounts::set_wanted(conn, id, DesiredState::Removed).await?;
            store::jobs::insert(conn, &job).await
        })
        .await
        .unwrap();
    }
    db.close().await;
    stack.start_again().await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    for account in &accounts {
        until_gone(&visitor, account).await;
        assert_eq!(done(&visitor, &account.id, "account.removed").await, 1);
    }
    assert!(folders(&stack).is_empty(), "{:?}", folders(&stack));
    let logged_out = async |at: usize| stack.phones().calls("auth.logOut", &accounts[at].phone).await;
    assert_eq!([logged_out(0).await, logged_out(1).await, logged_out(2).await], [1, 0, 0]);
    assert_eq!(done(&visitor, &accounts[0].id, "account.folder.destroyed").await, 1);
    assert_eq!(done(&visitor, &accounts[2].id, "account.folder.destroyed").await, 0);
}
