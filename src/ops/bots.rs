//! Bots: added and logged in with a token, which is stored only if a person asks for it.
//!
//! A stored token is submitted when a person presses the button for it, never by Telescope alone, and no page shows it.
//! One that Telegram rejected is not submitted again.

use crate::crypto::Purpose;
use crate::domain::access::{Grant, Principal, SystemGrant, decide};
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::domain::privilege::can;
use crate::domain::stage::LoginInput;
use crate::domain::{Account, AccountId, BotError, BotToken, Email, Identifier, Input, StageToken};
use crate::live::events::Change;
use crate::ops::accounts::{self, NewAccount};
use crate::ops::audit::queue::Intent;
use crate::ops::{App, OpError, login};
use crate::store::{self, Written};
use crate::telegram::AnswerError;

#[derive(Debug)]
pub struct NewBot {
    pub token: BotToken,
    /// Whether to store the token.
    pub keep: bool,
    pub owner: Option<Email>,
    pub comment: String,
}

/// Adds a bot and logs it in, if the actor may do that. Returns its id if they may see it. A refusal of Telegram is no
/// error here: the account is there, and its page shows the refusal beside the field.
pub async fn add(
    app: &App,
    grant: SystemGrant<'_, can::AddAccount>,
    new: NewBot,
) -> Result<Option<AccountId>, OpError> {
    let actor = grant.actor().clone();
    let identifier = Identifier::Bot(new.token.bot());
    let account = NewAccount { identifier, owner: new.owner, comment: new.comment };
    let Some(id) = accounts::add(app, grant, account).await? else { return Ok(None) };
    let input = LoginInput::BotToken { token: new.token, keep: new.keep };
    if let Err(error) = first_login(app, &actor, id, input).await {
        tracing::info!(account = %id, code = ?error.code(), "the new bot was not logged in");
    }
    Ok(Some(id))
}

/// Logs a new bot in once its client has started.
async fn first_login(app: &App, actor: &Principal, id: AccountId, input: LoginInput) -> Result<(), OpError> {
    let snapshot = accounts::remove::settled(app, id).await.ok_or(OpError::NotFound)?;
    let (rules, listed) = app.live.policy_and_accounts();
    let entry = listed.get(id).cloned().ok_or(OpError::NotFound)?;
    let permit = decide::<can::Login>(&rules, actor, &entry.account)?;
    login::submit(app, permit.grant(), snapshot.token, input, None).await
}

/// Refuses the token of another bot before it is sent. Returns the token if it is to be stored.
pub(in crate::ops) fn check(account: &Account, provided: &LoginInput) -> Result<Option<BotToken>, OpError> {
    let LoginInput::BotToken { token, keep } = provided else { return Ok(None) };
    if account.identifier != Identifier::Bot(token.bot()) {
        return Err(OpError::invalid(Input::BotToken.name(), BotError::OtherBot));
    }
    Ok(keep.then(|| token.clone()))
}

/// Stores a token that Telegram has accepted, in place of the one before.
pub(in crate::ops) async fn store_token(
    app: &App,
    actor: &Principal,
    id: AccountId,
    token: &BotToken,
) -> Result<(), OpError> {
    let now = app.clock.now();
    let entry = AuditEntry::done(now, actor, AuditEvent::BotTokenStored).about(id);
    app.write(&entry, async |tx| -> Result<(), OpError> {
        let row = id.to_string();
        store::secrets::put(tx, &app.keys, Purpose::BotToken, &row, token.secret(), now).await?;
        Ok(())
    })
    .await?;
    app.live.events.publish(Change::StoredPassword(id));
    Ok(())
}

/// Removes the stored token. At Telegram it stays valid.
pub async fn remove_token(app: &App, grant: Grant<'_, can::Login>) -> Result<(), OpError> {
    let id = grant.account();
    let entry = AuditEntry::done(app.clock.now(), grant.actor(), AuditEvent::BotTokenRemoved).about(id);
    app.write(&entry, async |tx| -> Result<(), OpError> {
        match store::secrets::delete(tx, Purpose::BotToken, &id.to_string()).await? {
            true => Ok(()),
            false => Err(OpError::Refused(BotError::NotStored.into())),
        }
    })
    .await?;
    app.live.events.publish(Change::StoredPassword(id));
    Ok(())
}

/// Logs a bot in with its stored token. `token` identifies the stage that the button was shown for.
pub async fn log_in_with_stored(
    app: &App,
    grant: Grant<'_, can::Login>,
    token: StageToken,
) -> Result<(), OpError> {
    let id = grant.account();
    let _alone = app.guards.inputs.begin(id).ok_or(AnswerError::Busy)?;
    let entry = app.live.accounts.get(id).ok_or(OpError::NotFound)?;
    let handle = app.hub.account(id).ok_or(AnswerError::NotRunning)?;
    if entry.snapshot.busy {
        return Err(AnswerError::Busy.into());
    }
    let kind = entry.account.identifier.kind();
    if entry.snapshot.token != token || !entry.snapshot.stage.waits_for(Input::BotToken, kind) {
        return Err(AnswerError::Stale.into());
    }
    let (version, stored, intent) = open(app, &grant).await?;
    let result = handle.submit(token, LoginInput::BotToken { token: stored, keep: false }).await;
    intent.end_at_telegram(app, &result).await;
    if let Err(AnswerError::Refused(why)) = &result
        && why.is_about(Input::BotToken)
    {
        let (row, now) = (id.to_string(), app.clock.now());
        app.db
            .maintain(async |conn| {
                store::secrets::mark_rejected(conn, Purpose::BotToken, &row, version, now).await
            })
            .await?;
        app.live.events.publish(Change::StoredPassword(id));
    }
    result.map_err(|error| login::refusal_of(error, Input::BotToken))
}

/// The stored token and its version, with the intent of its use.
async fn open(app: &App, grant: &Grant<'_, can::Login>) -> Result<(i64, BotToken, Intent), OpError> {
    let id = grant.account();
    let row = id.to_string();
    let attempt = AuditEntry::intent(app.clock.now(), grant.actor(), AuditEvent::BotTokenUsed).about(id);
    app.write_with(async |tx| -> Result<Written<(i64, BotToken, Intent)>, OpError> {
        let refused = |why: BotError| OpError::Refused(why.into());
        let fact = store::secrets::bot_token(tx, id).await?;
        if fact.is_some_and(|fact| fact.rejected_at.is_some()) {
            return Err(refused(BotError::Rejected));
        }
        let opened = store::secrets::get(tx, &app.keys, Purpose::BotToken, &row).await?;
        let (version, text) = opened.ok_or_else(|| refused(BotError::NotStored))?;
        let token = BotToken::parse(&text).map_err(refused)?;
        let recorded = tx.record(&attempt).await?;
        let intent = Intent::of(&recorded, attempt.clone());
        Ok(recorded.with((version, token, intent)))
    })
    .await
}
