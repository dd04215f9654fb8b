//! Logging an account in.
//!
//! Telegram locks a number after about five codes in a day. So only one function requests a code; it is called when a
//! person presses the button, never at startup, and records the attempt first.

mod budget;

pub use budget::allow_more_codes;
use budget::{counts, note_sending, record_if, take_back, too_often};

use crate::domain::access::{Grant, Principal, Refusal};
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::domain::error::ErrorCode;
use crate::domain::privilege::{AccountPrivilege, can};
use crate::domain::stage::{LoginAction, LoginInput};
use crate::domain::{AccountId, Input, Phone, StageToken};
use crate::ops::audit::failed_attempts;
use crate::ops::audit::queue::Intent;
use crate::ops::{App, Applied, OpError, accounts, bots, two_step};
use crate::store::{self, StoreError, Tx, Written};
use crate::telegram::AnswerError;

const DAY: i64 = 24 * 60 * 60;
/// How often a person can change the login of an account in an hour by what is not counted as a code: each time Telegram is
/// asked or a client starts, and the audit log grows.
const CHANGES_PER_HOUR: usize = 30;

/// What allows a login to edit the account's two-step password, here or at Telegram.
pub type EditsPassword<'a> = Option<Grant<'a, can::EditTwoFactorPassword>>;

/// Requests something of Telegram, such as a login code; what makes Telegram send something is limited per number and
/// day. `token` identifies the stage that the button was shown for, so a second press requests nothing.
pub async fn act(
    app: &App,
    grant: Grant<'_, can::Login>,
    edits: EditsPassword<'_>,
    token: StageToken,
    action: LoginAction,
) -> Result<(), OpError> {
    if action.changes_password() && edits.is_none() {
        return Err(Refusal::Missing(AccountPrivilege::EditTwoFactorPassword).into());
    }
    let _alone = app.guards.code_requests.begin(grant.account()).ok_or(AnswerError::Busy)?;
    let entry = app.live.accounts.get(grant.account()).ok_or(OpError::NotFound)?;
    let phone = accounts::phone_of(&entry.account)?;
    let handle = app.hub.account(grant.account()).ok_or(AnswerError::NotRunning)?;
    if entry.snapshot.busy {
        return Err(AnswerError::Busy.into());
    }
    if entry.snapshot.token != token {
        return Err(AnswerError::Stale.into());
    }
    if !entry.snapshot.stage.allows(action, entry.account.identifier.kind()) {
        return Err(AnswerError::NotNow.into());
    }
    let now = app.clock.now();
    if let Some(until) = entry.snapshot.flood_until.filter(|until| *until > now) {
        // Telegram would refuse it, and it would count.
        return Err(OpError::TooOften(ErrorCode::FloodWait { seconds: until.seconds_since(now) + 1 }));
    }
    let attempt = AuditEntry::intent(now, grant.actor(), event(action)).about(grant.account());
    let (intent, note) = if action.sends_something() {
        let noted = async |tx: &mut Tx<'_>| note_sending(app, tx, grant.actor(), phone, &attempt).await;
        let (intent, note) = record_if(app, attempt.clone(), noted).await?;
        (intent, Some(note))
    } else {
        count_change(app, &attempt, grant.account())?;
        (record(app, attempt).await?, None)
    };
    let result = handle.act(token, action).await;
    // Before the outcome is recorded: pages that follow the audit log count again then.
    if let Some(note) = note.filter(|_| !counts(&result)) {
        take_back(app, grant.account(), &note).await;
    }
    intent.end_at_telegram(app, &result).await;
    Ok(result?)
}

const fn event(action: LoginAction) -> AuditEvent {
    match action {
        LoginAction::SendCode => AuditEvent::CodeRequested,
        LoginAction::ShowQr
        | LoginAction::ReportMissing
        | LoginAction::ResetEmail
        | LoginAction::RecoverPassword
        | LoginAction::StartOver => AuditEvent::LoginActionRequested { action },
    }
}

/// Counts a person's change of an account's login, or refuses it because there were too many. Others who may log it in are
/// not kept from that.
pub(in crate::ops) fn count_change(
    app: &App,
    attempt: &AuditEntry,
    account: AccountId,
) -> Result<(), OpError> {
    let (now, key) = (app.clock.now(), format!("{account} {}", attempt.actor));
    if app.guards.login_changes.has_reached(CHANGES_PER_HOUR, &key, now) {
        failed_attempts::note(app, &attempt.actor, attempt.clone());
        return Err(too_often(attempt, ErrorCode::TooManyLoginChanges { limit: CHANGES_PER_HOUR }));
    }
    app.guards.login_changes.count(&key, now);
    Ok(())
}

/// Records an attempt that is not counted as a code.
async fn record(app: &App, attempt: AuditEntry) -> Result<Intent, OpError> {
    let recorded = app.write_with(async |tx| -> Result<Written<Intent>, StoreError> {
        let recorded = tx.record(&attempt).await?;
        let intent = Intent::of(&recorded, attempt.clone());
        Ok(recorded.with(intent))
    });
    Ok(recorded.await?)
}

/// Records that something is submitted, with the note that counts what Telegram sends for it; or refuses because Telegram
/// refused too many of this person, or because a limit of what Telegram sends is used up.
async fn count_input(
    app: &App,
    actor: &Principal,
    sends_to: Option<&Phone>,
    attempt: AuditEntry,
) -> Result<(Intent, Option<String>), OpError> {
    let since = app.clock.now().plus_seconds(-DAY);
    let limit = i64::from(app.config.limits.wrong_inputs_per_person_per_day);
    let entry = &attempt;
    record_if(app, attempt.clone(), async |tx| {
        let failed = store::audit::count_unsuccessful(tx, &entry.actor, entry.event.code(), since).await?;
        if failed >= limit {
            return Ok(Applied::Rejected(too_often(entry, ErrorCode::TooManyInputs { limit })));
        }
        let Some(phone) = sends_to else { return Ok(Applied::Done(None)) };
        Ok(match note_sending(app, tx, actor, phone, entry).await? {
            Applied::Done(note) => Applied::Done(Some(note)),
            Applied::Rejected(why) => Applied::Rejected(why),
        })
    })
    .await
}

/// Submits the input that the account's stage waits for. `token` identifies the stage that the form was shown for.
pub async fn submit(
    app: &App,
    grant: Grant<'_, can::Login>,
    token: StageToken,
    provided: LoginInput,
    edits: EditsPassword<'_>,
) -> Result<(), OpError> {
    if provided.edits_password() && edits.is_none() {
        return Err(Refusal::Missing(AccountPrivilege::EditTwoFactorPassword).into());
    }
    let _alone = app.guards.inputs.begin(grant.account()).ok_or(AnswerError::Busy)?;
    let entry = app.live.accounts.get(grant.account()).ok_or(OpError::NotFound)?;
    let handle = app.hub.account(grant.account()).ok_or(AnswerError::NotRunning)?;
    // What would not be sent is refused before it is recorded, and is not counted.
    if entry.snapshot.busy {
        return Err(AnswerError::Busy.into());
    }
    if entry.snapshot.token != token
        || !entry.snapshot.stage.waits_for(provided.input(), entry.account.identifier.kind())
    {
        return Err(AnswerError::Stale.into());
    }
    let input = provided.input();
    let kept_token = bots::check(&entry.account, &provided)?;
    let kept_password = edits.zip(provided.kept_password().cloned());
    let event = AuditEvent::InputSubmitted { input };
    let attempt = AuditEntry::intent(app.clock.now(), grant.actor(), event).about(grant.account());
    let sends_to = match input.sends_something() {
        true => Some(accounts::phone_of(&entry.account)?),
        false => None,
    };
    let (intent, note) = count_input(app, grant.actor(), sends_to, attempt).await?;
    let result = handle.submit(token, provided).await;
    if let Some(note) = note.filter(|_| !counts(&result)) {
        take_back(app, grant.account(), &note).await;
    }
    intent.end_at_telegram(app, &result).await;
    if let (Ok(()), Some((grant, password))) = (&result, kept_password) {
        two_step::store_password(app, grant, &password, None).await?;
    }
    if let Some(token) = kept_token.filter(|_| result.is_ok()) {
        bots::store_token(app, grant.actor(), grant.account(), &token).await?;
    }
    result.map_err(|error| refusal_of(error, input))
}

/// A refused input is an error of its field.
pub(in crate::ops) fn refusal_of(error: AnswerError, input: Input) -> OpError {
    match error {
        AnswerError::Refused(why) if why.is_about(input) => {
            OpError::invalid(input.name(), ErrorCode::TelegramRefused { why })
        }
        error => error.into(),
    }
}
