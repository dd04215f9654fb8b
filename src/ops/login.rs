//! Signing an account in.
//!
//! Telegram locks a number out after about five codes in a day. So one function asks for a code, when a
//! person presses the button and never at a start, and it writes the attempt down before it asks.

use crate::domain::access::Grant;
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::domain::privilege::can;
use crate::domain::stage::LoginInput;
use crate::domain::{Phone, StageToken};
use crate::ops::audit::{failed_attempts, queue};
use crate::ops::{App, OpError};
use crate::store::{self, StoreError};
use crate::telegram::AnswerError;

const DAY: i64 = 24 * 60 * 60;

/// Asks Telegram to send a login code. Counted per number and day. `token` names the stage that the button was made
/// for: pressed a second time it asks for nothing.
pub async fn ask_for_code(app: &App, grant: Grant<'_, can::Login>, token: StageToken) -> Result<(), OpError> {
    let _alone = app.guards.code_requests.begin(grant.account()).ok_or(AnswerError::Busy)?;
    let entry = app.live.accounts.get(grant.account()).ok_or(OpError::NotFound)?;
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
    queue::outcome(app, (seq, &intent), &result);
    Ok(result?)
}

/// Writes an attempt down, or refuses because the day's are used up: those of the number, or those of whoever asks.
async fn count_attempt(app: &App, phone: &Phone, intent: &AuditEntry) -> Result<i64, OpError> {
    let now = app.clock.now();
    let since = now.plus_seconds(-DAY);
    let limit = i64::from(app.config.login_attempts_per_day);
    let personal = i64::from(app.config.codes_per_person_per_day);
    let keys = &app.keys;
    let counted = app
        .db
        .change(async |conn| -> Result<Result<i64, OpError>, StoreError> {
            let used = store::login_attempts::count_since(conn, phone, since).await?;
            if used >= limit {
                return Ok(Err(OpError::Refused(format!(
                    "A code was asked for {used} times in the last 24 hours. Telegram locks a number out at about \
                     five, so Telescope stops at {limit}. Try again tomorrow."
                ))));
            }
            if store::login_attempts::count_by_actor(conn, &intent.actor, since).await? >= personal {
                return Ok(Err(too_often(intent, &format!("You asked for {personal} codes"))));
            }
            store::login_attempts::insert(conn, phone, now, &intent.actor).await?;
            Ok(Ok(store::audit::append(conn, keys, intent).await?))
        })
        .await?;
    if counted.is_err() {
        failed_attempts::note(app, &intent.actor, intent.clone());
    }
    counted
}

/// The refusal of a person who has used up what is allowed.
fn too_often(intent: &AuditEntry, what: &str) -> OpError {
    tracing::warn!(actor = %intent.actor, code = intent.event.code(), "refused: this person's day is used up");
    OpError::TooOften(format!(
        "{what} in the last 24 hours, which is as much as one person may. Try again tomorrow, or ask a colleague."
    ))
}

/// Writes down that a code or a password is handed in, or refuses because this person has done so in vain too often.
async fn count_input(app: &App, intent: &AuditEntry) -> Result<i64, OpError> {
    let since = app.clock.now().plus_seconds(-DAY);
    let limit = i64::from(app.config.wrong_inputs_per_person_per_day);
    let keys = &app.keys;
    let seq = app
        .db
        .change(async |conn| -> Result<Option<i64>, StoreError> {
            let tried = store::audit::in_vain(conn, &intent.actor, intent.event.code(), since).await?;
            if tried >= limit {
                return Ok(None);
            }
            Ok(Some(store::audit::append(conn, keys, intent).await?))
        })
        .await?;
    seq.ok_or_else(|| {
        failed_attempts::note(app, &intent.actor, intent.clone());
        too_often(intent, &format!("You typed {limit} codes or passwords that were not taken"))
    })
}

/// Provides what the account's stage waits for. `token` names the stage that the form was made for.
pub async fn submit(
    app: &App,
    grant: Grant<'_, can::Login>,
    token: StageToken,
    provided: LoginInput,
) -> Result<(), OpError> {
    let handle = app.hub.account(grant.account()).ok_or(AnswerError::NotRunning)?;
    let event = AuditEvent::InputProvided { input: provided.input() };
    let intent = AuditEntry::intent(app.clock.now(), grant.actor(), event).about(grant.account());
    let seq = count_input(app, &intent).await?;
    let result = handle.submit(token, provided).await;
    queue::outcome(app, (seq, &intent), &result);
    Ok(result?)
}
