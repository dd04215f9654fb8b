//! Logged-in accounts. They are logged in once, through the pages, and their folders are kept for later runs.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use telescope::crypto::{Keys, Purpose, SealContext};
use telescope::domain::{DesiredState, Phone};
use telescope::store::{self, Conn, Db, StoreError};

use super::copy;
use crate::support::login::{ADMIN, token};
use crate::support::stack::{Home, Stack};
use crate::support::target;
use crate::support::visitor::{Visitor, attribute};
use crate::support::waiting::until_true;

/// How many are logged in concurrently.
const AT_ONCE: usize = 6;
/// How long a step may take while others run.
const PATIENCE: Duration = Duration::from_secs(120);
/// The kept parts of a home.
const PARTS: [&str; 3] = ["data", "accounts", "sandbox"];

/// A home with this many logged-in accounts, copied from the kept one, which is created if missing.
pub async fn home_of(count: u16) -> Arc<Home> {
    let kept = target().join(format!("signed-in-{count}"));
    if !kept.exists() {
        sign_in_all(count, &kept).await;
    }
    let home = Home::new();
    for part in PARTS {
        copy(&kept.join(part), &home.folder().join(part));
    }
    Arc::new(home)
}

async fn sign_in_all(count: u16, kept: &Path) {
    println!("logging {count} accounts in, for the first time only (kept in {})", kept.display());
    let mut stack = Stack::start_with_settings(&[("LOG", "info")]).await;
    let visitor = Visitor::sign_in(&stack, ADMIN).await;
    let all = futures_util::stream::iter(1..=count);
    all.for_each_concurrent(AT_ONCE, async |number| drop(sign_in(&visitor, number).await)).await;
    assert!(stack.stop().await.success());
    let unfinished = kept.with_extension("unfinished");
    let _ = std::fs::remove_dir_all(&unfinished);
    for part in PARTS {
        copy(&stack.home().folder().join(part), &unfinished.join(part));
    }
    std::fs::rename(unfinished, kept).unwrap();
}

/// Adds an account and logs it in; returns the digits of its number.
pub async fn sign_in(visitor: &Visitor, number: u16) -> String {
    let phone = Phone::test(u8::try_from(number % 3).unwrap() + 1, number);
    let form = [("phone", phone.digits()), ("owner", ""), ("comment", "")];
    let account = visitor.does("/accounts/add", &form).await;
    until_stage(visitor, &account, "signed-out").await;
    let form = token(visitor, &account).await;
    let form = [("token", form.as_str()), ("action", "send-code")];
    visitor.does(&format!("{account}/login-action"), &form).await;
    until_stage(visitor, &account, "wait-code").await;
    let token = token(visitor, &account).await;
    // The code of a test number is its sixth digit, five times.
    let code = phone.digits()[5..6].repeat(5);
    visitor.does(&format!("{account}/provide"), &[("token", &token), ("code", &code)]).await;
    until_stage(visitor, &account, "ready").await;
    phone.digits().to_owned()
}

async fn until_stage(visitor: &Visitor, account: &str, stage: &str) {
    until_true(&format!("{account} becomes {stage}"), PATIENCE, async || {
        let page = visitor.get(account).await.text().await.unwrap();
        let step = page.split("<section ").find(|tag| tag.starts_with("id=\"step\"")).expect("a step");
        attribute(step, "data-stage").as_deref() == Some(stage)
    })
    .await;
}

/// Sets this many accounts to connected and the others to disconnected, for the next start. Returns their numbers, newest
/// first, as in the list.
pub async fn want(home: &Home, connected: usize) -> Vec<String> {
    let db = Db::open(&home.dsn()).await.unwrap();
    let accounts = db.maintain(async |conn: &mut Conn<'_>| -> Result<_, StoreError> {
        let accounts = store::accounts::all(conn).await?;
        for (at, account) in accounts.iter().enumerate() {
            let wanted = if at < connected { DesiredState::Connected } else { DesiredState::Disconnected };
            store::accounts::set_wanted(conn, account.id, wanted).await?;
        }
        Ok(accounts)
    });
    let accounts = accounts.await.unwrap();
    db.close().await;
    accounts.iter().take(connected).rev().map(|account| account.identifier.digits().into_owned()).collect()
}

/// The folders of the accounts to be connected, each with the key of its TDLib files.
pub async fn folders(home: &Home) -> Vec<(PathBuf, String)> {
    let keys = Keys::load(None, None, &home.folder().join("data")).unwrap();
    let db = Db::open(&home.dsn()).await.unwrap();
    let accounts = store::accounts::all(&mut db.read().await.unwrap()).await.unwrap();
    db.close().await;
    let wanted = accounts.iter().filter(|account| account.wanted == DesiredState::Connected);
    wanted
        .map(|account| {
            let folder = home.folder().join("accounts").join(&account.folder);
            let manifest = std::fs::read(folder.join("account.json")).unwrap();
            let manifest: serde_json::Value = serde_json::from_slice(&manifest).unwrap();
            let id = account.id.to_string();
            let place = SealContext { purpose: Purpose::FolderKey, row: &id, version: 1 };
            let key = keys.open(&place, &manifest["key"].as_str().unwrap().parse().unwrap()).unwrap();
            (folder, key.expose().to_owned())
        })
        .collect()
}
