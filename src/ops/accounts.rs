//! Adding accounts, connecting and disconnecting them.

use std::os::unix::fs::DirBuilderExt;

use super::{App, OpError};
use crate::domain::access::{Grant, SystemGrant};
use crate::domain::privilege::can;
use crate::domain::{Account, AccountId, Email, Phone, Secret, Wanted};
use crate::store;
use crate::telegram::ClientStart;

/// Characters that a comment may have.
pub const MAX_COMMENT: usize = 2000;

/// What is known of an account when it is added.
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// Its number.
    pub phone: Phone,
    /// Its owner.
    pub owner: Option<Email>,
    /// A free text.
    pub comment: String,
}

/// Adds an account and starts its client. Nothing is asked of Telegram in its name yet.
pub async fn add(
    app: &App,
    grant: SystemGrant<'_, can::AddAccount>,
    new: NewAccount,
) -> Result<AccountId, OpError> {
    check_comment(&new.comment)?;
    let account = Account {
        id: AccountId::generate(),
        phone: new.phone,
        owner: new.owner,
        comment: new.comment,
        groups: Vec::new(),
        wanted: Wanted::Connected,
        folder: random_name()?,
        created: app.clock.now(),
    };
    let inserted = app.db.change(async |conn| store::accounts::insert(conn, &account).await).await;
    inserted.map_err(|error| match store::unique(&error) {
        Some(_) => OpError::invalid("phone", "An account with this number is here already."),
        None => error.into(),
    })?;
    tracing::info!(account = %account.id, actor = %grant.actor(), "account added");
    let id = account.id;
    app.directory.put_account(account.clone());
    start(app, &account)?;
    Ok(id)
}

/// Adds an account with a random number of Telegram's test environment.
pub async fn add_test(app: &App, grant: SystemGrant<'_, can::AddAccount>) -> Result<AccountId, OpError> {
    if !app.config.telegram_environment.is_test() {
        return Err(OpError::Refused("Test accounts exist in Telegram's test environment only.".into()));
    }
    let [dc, high, low, ..] = random_bytes()?;
    let phone = Phone::test(1 + dc % 3, u16::from_be_bytes([high, low]));
    add(app, grant, NewAccount { phone, owner: None, comment: "Test account".into() }).await
}

/// Wants the account's client to run, now and after every restart.
pub async fn connect(app: &App, grant: Grant<'_, can::ManageConnectionState>) -> Result<(), OpError> {
    let account = want(app, &grant, Wanted::Connected).await?;
    start(app, &account)
}

/// Wants the account's client to stop. Its session at Telegram stays.
pub async fn disconnect(app: &App, grant: Grant<'_, can::ManageConnectionState>) -> Result<(), OpError> {
    let account = want(app, &grant, Wanted::Disconnected).await?;
    app.hub.disconnect(account.id).await;
    Ok(())
}

/// Starts the client of an account that is wanted; used at the program's start too.
pub fn start(app: &App, account: &Account) -> Result<(), OpError> {
    let folder = app.config.accounts_dir.join(&account.folder);
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&folder)
        .map_err(|error| OpError::Internal(error.into()))?;
    app.hub.connect(ClientStart {
        account: account.id,
        phone: account.phone.clone(),
        folder,
        key: Secret::default(),
    });
    Ok(())
}

async fn want(
    app: &App,
    grant: &Grant<'_, can::ManageConnectionState>,
    wanted: Wanted,
) -> Result<Account, OpError> {
    let id = grant.account();
    let account = app
        .db
        .change(async |conn| -> Result<Option<Account>, store::StoreError> {
            store::accounts::set_wanted(conn, id, wanted).await?;
            store::accounts::get(conn, id).await
        })
        .await?
        .ok_or(OpError::NotFound)?;
    tracing::info!(account = %id, actor = %grant.actor(), %wanted, "account wanted");
    app.directory.put_account(account.clone());
    Ok(account)
}

fn check_comment(comment: &str) -> Result<(), OpError> {
    if comment.chars().count() > MAX_COMMENT {
        return Err(OpError::invalid("comment", format!("A comment has {MAX_COMMENT} characters at most.")));
    }
    if comment.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return Err(OpError::invalid("comment", "A comment can't have control characters."));
    }
    Ok(())
}

fn random_bytes() -> Result<[u8; 16], OpError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)
        .map_err(|error| OpError::Internal(anyhow::anyhow!("no randomness: {error}")))?;
    Ok(bytes)
}

/// A folder's name: says nothing of the account and is never used twice.
fn random_name() -> Result<String, OpError> {
    Ok(random_bytes()?.iter().map(|byte| format!("{byte:02x}")).collect())
}
