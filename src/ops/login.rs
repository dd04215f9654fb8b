//! Signing an account in.
//!
//! Telegram locks a number out after about five codes in a day. So one function asks for a code, when a
//! person presses the button and never at a start, and it writes the attempt down before it asks.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{App, OpError, refusals, trail};
use crate::domain::access::Grant;
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::domain::privilege::can;
use crate::domain::stage::Provided;
use crate::domain::{AccountId, Phone, StageToken};
use crate::store::{self, StoreError};
use crate::telegram::AnswerError;

const DAY: i64 = 24 * 60 * 60;

/// The accounts for which a code is being asked. Of two people who ask at once one is refused before anything is
/// counted or asked.
#[derive(Debug, Default)]
pub struct Asking(Mutex<HashSet<AccountId>>);

impl Asking {
    fn begin(&self, account: AccountId) -> Option<AskingOne<'_>> {
        let first = self.accounts().insert(account);
        first.then(|| AskingOne(self, account))
    }

    fn accounts(&self) -> MutexGuard<'_, HashSet<AccountId>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Lets others ask once it is dropped.
struct AskingOne<'a>(&'a Asking, AccountId);

impl Drop for AskingOne<'_> {
    fn drop(&mut self) {
        self.0.accounts().remove(&self.1);
    }
}

/// Asks Telegram to send a login code. Counted per number and day. `token` names the stage that the button was made
/// for: pressed a second time it asks for nothing.
pub async fn ask_for_code(app: &App, grant: Grant<'_, can::Login>, token: StageToken) -> Result<(), OpError> {
    let _alone = app.asking.begin(grant.account()).ok_or(AnswerError::Busy)?;
    let entry = app.directory.get(grant.account()).ok_or(OpError::NotFound)?;
    let handle = app.hub.account(grant.account()).ok_or(AnswerError::NotRunning)?;
    if entry.snapshot.busy {
        return Err(AnswerError::Busy.into());
    }
    if entry.snapshot.token != token {
        return Err(AnswerError::Stale.into());
    }
    if !entry.snapshot.stage.can_ask_for_code() {
        return Err(AnswerError::NotNow.into());
    }
    let intent =
        AuditEntry::intent(app.clock.now(), grant.actor(), AuditEvent::CodeAsked).about(grant.account());
    let seq = count_attempt(app, &entry.account.phone, &intent).await?;
    let result = handle.ask_for_code(token).await;
    trail::outcome(app, (seq, &intent), &result);
    Ok(result?)
}

/// Writes an attempt down, or refuses because the day's are used up.
async fn count_attempt(app: &App, phone: &Phone, intent: &AuditEntry) -> Result<i64, OpError> {
    let now = app.clock.now();
    let limit = i64::from(app.config.login_attempts_per_day);
    let keys = &app.keys;
    let counted = app
        .db
        .change(async |conn| -> Result<Result<i64, i64>, StoreError> {
            let used = store::login_attempts::count_since(conn, phone, now.plus_seconds(-DAY)).await?;
            if used >= limit {
                return Ok(Err(used));
            }
            store::login_attempts::insert(conn, phone, now, &intent.actor).await?;
            Ok(Ok(store::audit::append(conn, keys, intent).await?))
        })
        .await?;
    counted.map_err(|used| {
        refusals::note(app, &intent.actor, intent.clone());
        OpError::Refused(format!(
            "A code was asked for {used} times in the last 24 hours. Telegram locks a number out at about five, \
             so Telescope stops at {limit}. Try again tomorrow."
        ))
    })
}

/// Provides what the account's stage waits for. `token` names the stage that the form was made for.
pub async fn provide(
    app: &App,
    grant: Grant<'_, can::Login>,
    token: StageToken,
    provided: Provided,
) -> Result<(), OpError> {
    let handle = app.hub.account(grant.account()).ok_or(AnswerError::NotRunning)?;
    let event = AuditEvent::InputProvided { input: provided.input() };
    let intent = AuditEntry::intent(app.clock.now(), grant.actor(), event).about(grant.account());
    let seq = trail::write(app, &intent).await?;
    let result = handle.provide(token, provided).await;
    trail::outcome(app, (seq, &intent), &result);
    Ok(result?)
}
