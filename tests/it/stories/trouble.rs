//! Thirty accounts, five of them with different problems. Each shows its problem; the others are not affected.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::support::login::{ADMIN, STEP, account_that_waits_for_a_password, ready_account};
use crate::support::stack::Stack;
use crate::support::visitor::{Row, Visitor};
use crate::support::waiting::until_true;

/// How long a form may take while its account is flooded.
const SOON: Duration = Duration::from_secs(5);

/// The stages of an account in the log.
fn stages(log: &str, row: &Row) -> Vec<String> {
    let mark = format!("account={}", row.id);
    log.lines()
        .filter(|line| line.contains(&mark) && line.contains(" stage "))
        .filter_map(|line| Some(line.split("stage=").nth(1)?.split(' ').next()?.trim_matches('"').to_owned()))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn problems_of_an_account_do_not_affect_others() {
    let stack = Stack::start().await;
    let phones = stack.phones();
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let mut well = Vec::new();
    for _ in 0..29 {
        well.push(ready_account(&stack, &visitor, None).await);
    }
    let password = account_that_waits_for_a_password(&stack, &visitor, "the right one").await;
    let damaged = well.pop().unwrap();
    let [flooded, revoked, banned] = [well.pop().unwrap(), well.pop().unwrap(), well.pop().unwrap()];
    assert_eq!(well.len(), 25);
    let before = stack.log().len();

    visitor.does(&format!("/accounts/{}/disconnect", damaged.id), &[]).await;
    visitor.until_stage(&damaged.id, "disconnected", STEP).await;
    let damaged_files = damage(&stack, &damaged).await;
    assert!(damaged_files > 0, "TDLib's files were damaged");
    phones.flood(&flooded.phone, 5).await;
    // The flooded account still handles forms.
    let code = format!("/accounts/{}/code", flooded.id);
    let answered =
        tokio::time::timeout(SOON, visitor.post(&code, &[("reason", "Who writes so much?")])).await;
    assert!(answered.is_ok(), "a form about the flooded account waits");
    phones.end_sessions(&revoked.phone, "revoked").await;
    phones.set_account(&banned.phone, "banned").await;
    visitor.does(&format!("/accounts/{}/connect", damaged.id), &[]).await;
    visitor.does(&format!("/accounts/{}/password", password.id), &[("password", "a wrong one")]).await;

    let says = async |row: &Row, words: &str| {
        until_true(&format!("{} says {words}", row.phone), STEP, async || {
            visitor.get(&format!("/accounts/{}", row.id)).await.text().await.unwrap().contains(words)
        })
        .await;
    };
    says(&revoked, "from another device").await;
    says(&banned, "recover@telegram.org").await;
    says(&damaged, "missing or damaged").await;
    says(&password, "Rejected by Telegram").await;
    // The flood may be too much for the account or not; afterwards it is ready.
    visitor.until_stage(&flooded.id, "ready", STEP).await;

    let log = stack.log();
    let since = &log[before..];
    let moved: BTreeSet<&str> =
        well.iter().filter(|row| !stages(since, row).is_empty()).map(|row| row.phone.as_str()).collect();
    assert!(moved.is_empty(), "these changed their stage: {moved:?}");
    assert!(!stages(since, &revoked).is_empty(), "the log has the changes of others");
    for row in &well {
        visitor.until_stage(&row.id, "ready", STEP).await;
    }
}

/// Overwrites the middle of TDLib's files of an account; returns how many.
async fn damage(stack: &Stack, row: &Row) -> usize {
    use telescope::config::Dsn;
    use telescope::store::{Db, accounts};
    let db = Db::open(&Dsn::in_folder(&stack.data(""))).await.unwrap();
    let account =
        accounts::get(&mut db.read().await.unwrap(), row.id.parse().unwrap()).await.unwrap().unwrap();
    let mut damaged_files = 0;
    for entry in std::fs::read_dir(stack.accounts().join(account.folder)).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|kind| kind == "binlog") {
            let mut bytes = std::fs::read(&path).unwrap();
            bytes.iter_mut().for_each(|byte| *byte ^= 0x5a);
            std::fs::write(&path, bytes).unwrap();
            damaged_files += 1;
        }
    }
    damaged_files
}
