//! A second person's approval. Accounts in a group that requires it show a login code or a stored password, and log a
//! device in by its QR code, only after another person has approved, even for the owner and administrators.
//!
//! A request is a row and survives a restart. It can be decided for ten minutes, and an approval can be used once
//! within ten more. Everything is decided in one transaction, by what the database says then: whether the request is
//! still open, who made it, and whether both people still have the rights they need. So of two approvers at the same
//! moment only one decides, and a page that was opened earlier gives no rights.

mod approvers;
pub mod authorize;
pub mod status;
pub mod view;
mod withdraw;

pub use approvers::approvers_for;
pub use authorize::RevealMode;
pub(crate) use authorize::{Authorized, check, consume, give_back};
pub use status::{ApprovalStatus, allows_emergency, from_database, from_view};
pub use withdraw::withdraw;

use crate::domain::access::{self, Grant, Person, Principal, SystemGrant};
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::domain::error::ErrorCode;
use crate::domain::privilege::can;
use crate::domain::reveal::{REQUEST_LIFE, Reason, RequestState, RevealKind, RevealRequest, Revealing};
use crate::domain::{AccountId, Millis, RevealId};
use crate::ops::{App, OpError, current};
use crate::store::{self, Conn, Tx, Written};

/// The longest note, in characters.
const MAX_NOTE: usize = 500;

/// Requests another person's approval to see what `R` reveals.
pub async fn request<R: Revealing>(
    app: &App,
    grant: Grant<'_, R::Needs>,
    reason: &str,
) -> Result<(), OpError> {
    let reason = parse_reason(reason)?;
    let now = app.clock.now();
    app.write_with(async |tx| add::<R>(app, tx, &grant, reason.as_str(), now).await).await?;
    view::changed(app).await;
    Ok(())
}

async fn add<R: Revealing>(
    app: &App,
    conn: &mut Tx<'_>,
    grant: &Grant<'_, R::Needs>,
    reason: &str,
    now: Millis,
) -> Result<Written<()>, OpError> {
    let account = grant.account();
    let actor = authorize::may_see::<R>(app, conn, grant.actor(), account).await?;
    let person = authorize::person(&actor)?;
    if !store::groups::any_needs_approval(conn, account).await? {
        return refused(ErrorCode::ApprovalNotNeeded);
    }
    if R::KIND == RevealKind::TwoStepPassword
        && store::secrets::two_step_password(conn, account).await?.is_none()
    {
        return refused(ErrorCode::PasswordNotStored);
    }
    if let Some(last) = store::reveal_requests::newest(conn, account, R::KIND, person.id).await?
        && matches!(last.state_at(now), RequestState::Waiting | RequestState::Approved)
        && authorize::expired(app, conn, &last).await?.is_none()
    {
        return refused(ErrorCode::AlreadyRequested);
    }
    if approvers_for(app, conn, person).await?.is_empty() {
        return refused(ErrorCode::NoApprover);
    }
    let entry = store::accounts::get(conn, account).await?.ok_or(OpError::NotFound)?;
    let request = RevealRequest {
        id: RevealId::generate(),
        account,
        identifier: entry.identifier,
        kind: R::KIND,
        requester: person.id,
        person: person.email.clone(),
        reason: reason.to_owned(),
        created: now,
        expires: now.plus_seconds(REQUEST_LIFE),
        state: RequestState::Waiting,
        decided_by: None,
        decided_at: None,
        note: None,
    };
    store::reveal_requests::insert(conn, &request).await?;
    let event = AuditEvent::RevealRequested { kind: R::KIND };
    let entry = AuditEntry::done(now, grant.actor(), event).about(account).because(reason);
    Ok(conn.record(&entry).await?.with(()))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    Approve,
    Refuse,
}

/// Decides another person's request, with an optional note. Returns the request.
pub async fn decide(
    app: &App,
    grant: SystemGrant<'_, can::ApproveReveal>,
    id: RevealId,
    decision: Decision,
    note: &str,
) -> Result<RevealRequest, OpError> {
    let note = check_note(note)?;
    let now = app.clock.now();
    let decided = app
        .write_with(async |tx| -> Result<Written<RevealRequest>, OpError> {
            let request = store::reveal_requests::get(tx, id).await?.ok_or(OpError::NotFound)?;
            let person = check_status(app, tx, grant.actor(), &request, decision, now).await?;
            let (state, kind, of) = (decision.state(), request.kind, request.person.clone());
            let event = match decision {
                Decision::Approve => AuditEvent::RevealApproved { kind, person: of },
                Decision::Refuse => AuditEvent::RevealDeclined { kind, person: of },
            };
            let mut entry = AuditEntry::done(now, grant.actor(), event).about(request.account);
            entry.reason.clone_from(&note);
            let recorded = tx.record(&entry).await?;
            let note = note.as_deref();
            let seq = recorded.seq();
            if !store::reveal_requests::decide(tx, id, state, person.id, now, note, seq).await? {
                return refused(ErrorCode::AlreadyDecided);
            }
            Ok(recorded.with(request))
        })
        .await;
    // Also after a refusal: the approver's page was out of date.
    view::changed(app).await;
    decided
}

impl Decision {
    const fn state(self) -> RequestState {
        match self {
            Self::Approve => RequestState::Approved,
            Self::Refuse => RequestState::Refused,
        }
    }
}

/// Checks that this person may decide this request and that it is still open; returns the person.
async fn check_status(
    app: &App,
    conn: &mut Conn<'_>,
    actor: &Principal,
    request: &RevealRequest,
    decision: Decision,
    now: Millis,
) -> Result<Person, OpError> {
    let actor = current::principal(conn, actor).await?;
    access::decide_system::<can::ApproveReveal>(&app.policy(conn).await?, &actor)?;
    let person = authorize::person(&actor)?;
    if request.requester == person.id {
        return refused(ErrorCode::OwnRequest);
    }
    if let Some(why) = over(request, now) {
        return Err(OpError::Refused(why));
    }
    if decision == Decision::Approve && approvers::depends_on(app, conn, request.requester, person.id).await?
    {
        return refused(ErrorCode::ApproverGivenByRequester { person: request.person.to_string() });
    }
    if decision == Decision::Approve && !authorize::still_may(app, conn, request).await? {
        return refused(ErrorCode::RequesterLostAccess { person: request.person.to_string() });
    }
    Ok(person.clone())
}

/// Why a request can't be decided any more, for an approver.
fn over(request: &RevealRequest, now: Millis) -> Option<ErrorCode> {
    let by = authorize::decider(request);
    match request.state_at(now) {
        RequestState::Waiting => None,
        RequestState::Approved => Some(ErrorCode::RequestApproved { by }),
        RequestState::Used => Some(ErrorCode::RequestUsed { by }),
        RequestState::Refused => Some(ErrorCode::RequestDeclined { by }),
        RequestState::Expired => Some(ErrorCode::RequestOver),
        RequestState::Withdrawn => Some(ErrorCode::RequestWithdrawn),
        // The sentence about the approver's lost permission is for the person who made the request.
        RequestState::Voided => Some(ErrorCode::AlreadyDecided),
    }
}

/// Validates a note; none if nothing was entered. Several lines are joined into one.
fn check_note(note: &str) -> Result<Option<String>, OpError> {
    let note = note.split_whitespace().collect::<Vec<_>>().join(" ");
    if note.chars().count() > MAX_NOTE {
        return Err(OpError::invalid("note", ErrorCode::NoteTooLong { max: MAX_NOTE }));
    }
    if note.chars().any(char::is_control) {
        return Err(OpError::invalid("note", ErrorCode::NoteCharacter));
    }
    Ok((!note.is_empty()).then_some(note))
}

fn refused<T>(code: ErrorCode) -> Result<T, OpError> {
    Err(OpError::Refused(code))
}

fn parse_reason(text: &str) -> Result<Reason, OpError> {
    Reason::parse(text).map_err(|error| OpError::invalid("reason", error))
}

/// This person's newest request of this kind for the account, from the view in memory.
fn newest_of(app: &App, person: &Person, account: AccountId, kind: RevealKind) -> Option<RevealRequest> {
    let all = app.live.approvals.load();
    let mine = |request: &&RevealRequest| {
        request.requester == person.id && request.account == account && request.kind == kind
    };
    all.recent.iter().find(mine).cloned()
}
