//! Whether a secret may be shown now. This is decided when the secret is shown, in the transaction that records the
//! reveal: by the person's rights at that moment, by whether the account needs an approval, by whether the approver may
//! still approve, and by whether the person has confirmed their identity where that is required.

use crate::domain::access::{self, Person, Policy, Principal};
use crate::domain::error::ErrorCode;
use crate::domain::privilege::SystemPrivilege;
use crate::domain::reveal::{RequestState, RevealRequest, Revealing};
use crate::domain::{AccountId, Email, Millis};
use crate::ops::approvals::{approvers, parse_reason, refused};
use crate::ops::confirmation::{self, Confirmed};
use crate::ops::{App, OpError, accounts, current, sign_in};
use crate::store::{self, Conn};

/// What allows a reveal.
#[derive(Clone, Debug)]
pub(crate) struct Authorized {
    pub reason: String,
    /// The approval, if one is needed.
    pub approval: Option<RevealRequest>,
    /// Whether one is needed and the person goes ahead without it.
    pub emergency: bool,
    pub confirmed: Confirmed,
}

/// Whether a person goes ahead without an approval that is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RevealMode {
    Normal,
    /// Possible where all groups of the account that require approval allow it.
    Emergency,
}

impl Authorized {
    pub fn approved_by(&self) -> Option<Email> {
        self.approval.as_ref()?.decided_by.as_ref().map(|(_, by)| by.clone())
    }
}

/// Checks whether `actor` may see this now, and consumes the approval if one is needed. The reason is that of the
/// request, or the typed one if no approval is needed.
pub(crate) async fn consume<R: Revealing>(
    app: &App,
    conn: &mut Conn<'_>,
    actor: &Principal,
    account: AccountId,
    typed: &str,
    mode: RevealMode,
) -> Result<Authorized, OpError> {
    let now = app.clock.now();
    let authorized = check::<R>(app, conn, actor, account, typed, mode).await?;
    if let Some(approval) = &authorized.approval
        && !store::reveal_requests::spend(conn, approval.id, now).await?
    {
        return refused(ErrorCode::ApprovalSpent);
    }
    Ok(authorized)
}

/// Makes an approval valid again that was consumed for something that certainly did not happen.
pub(crate) async fn give_back(
    app: &App,
    conn: &mut Conn<'_>,
    authorized: &Authorized,
) -> Result<(), OpError> {
    let Some(approval) = &authorized.approval else { return Ok(()) };
    // It would have been ended in the meantime.
    if expired(app, conn, approval).await?.is_none() {
        store::reveal_requests::give_back(conn, approval.id, app.clock.now()).await?;
    }
    Ok(())
}

/// Like [`consume`], but consumes nothing: for an early refusal.
pub(crate) async fn check<R: Revealing>(
    app: &App,
    conn: &mut Conn<'_>,
    actor: &Principal,
    account: AccountId,
    typed: &str,
    mode: RevealMode,
) -> Result<Authorized, OpError> {
    let now = app.clock.now();
    may_see::<R>(app, conn, actor, account).await?;
    if !store::groups::any_needs_approval(conn, account).await? {
        let confirmed = confirmation::check(app, conn, actor, account).await?;
        let reason = parse_reason(typed)?.as_str().to_owned();
        return Ok(Authorized { reason, approval: None, emergency: false, confirmed });
    }
    if mode == RevealMode::Emergency {
        if !store::groups::emergency_allowed(conn, account).await? {
            return refused(ErrorCode::EmergencyNotAllowed);
        }
        let confirmed = confirmation::check(app, conn, actor, account).await?;
        let reason = parse_reason(typed)?.as_str().to_owned();
        return Ok(Authorized { reason, approval: None, emergency: true, confirmed });
    }
    let person = person(actor)?;
    let Some(request) = store::reveal_requests::newest(conn, account, R::KIND, person.id).await? else {
        return refused(ErrorCode::ApprovalRequired);
    };
    if let Some(why) = closed(&request, now) {
        return Err(OpError::Refused(why));
    }
    if request.state == RequestState::Waiting {
        return refused(ErrorCode::ApprovalPending);
    }
    if let Some(why) = expired(app, conn, &request).await? {
        return Err(OpError::Refused(why));
    }
    let confirmed = confirmation::check(app, conn, actor, account).await?;
    Ok(Authorized { reason: request.reason.clone(), approval: Some(request), emergency: false, confirmed })
}

/// Why a request has ended, for the person who made it.
pub(crate) fn closed(request: &RevealRequest, now: Millis) -> Option<ErrorCode> {
    match request.state_at(now) {
        RequestState::Waiting | RequestState::Approved => None,
        RequestState::Used => Some(ErrorCode::ApprovalUsed),
        RequestState::Refused => {
            Some(ErrorCode::ApprovalDeclined { by: decider(request), note: request.note.clone() })
        }
        RequestState::Withdrawn => Some(ErrorCode::RequestWithdrawn),
        RequestState::Voided => Some(ErrorCode::ApproverRevoked { by: decider(request) }),
        RequestState::Expired if request.decided_by.is_some() => Some(ErrorCode::ApprovalExpired),
        RequestState::Expired => Some(ErrorCode::RequestExpired),
    }
}

/// The address of the person who decided a request; empty if no one has.
pub(super) fn decider(request: &RevealRequest) -> String {
    request.decided_by.as_ref().map(|(_, by)| by.to_string()).unwrap_or_default()
}

/// Why an approval is no longer valid: the approver may not approve any more.
pub(crate) async fn expired(
    app: &App,
    conn: &mut Conn<'_>,
    request: &RevealRequest,
) -> Result<Option<ErrorCode>, OpError> {
    let Some((id, email)) = &request.decided_by else { return Ok(None) };
    let may = approvers::may_still(app, conn, *id).await?;
    Ok((!may).then(|| ErrorCode::ApproverRevoked { by: email.to_string() }))
}

/// Whether this person may approve requests of others.
pub(crate) fn may_approve(rules: &Policy, user: &store::users::User) -> bool {
    let actor = Principal::User(sign_in::person(user, true));
    access::system_privileges(rules, &actor).has(SystemPrivilege::ApproveReveal)
}

/// Whether the person who made this request may still see what it asks for. Whether their address is verified is
/// checked when the secret is shown.
pub(crate) async fn still_may(
    app: &App,
    conn: &mut Conn<'_>,
    request: &RevealRequest,
) -> Result<bool, OpError> {
    let user = store::users::by_id(conn, request.requester).await?.filter(|user| !user.disabled);
    let account = store::accounts::get(conn, request.account).await?;
    let (Some(user), Some(account)) = (user, account) else { return Ok(false) };
    let actor = Principal::User(sign_in::person(&user, true));
    Ok(access::privileges(&app.policy(conn).await?, &actor, &account).has(request.kind.privilege()))
}

/// Checks in the database that an actor may see what `R` reveals. Returns the actor with their present admin flag.
pub(crate) async fn may_see<R: Revealing>(
    app: &App,
    conn: &mut Conn<'_>,
    actor: &Principal,
    account: AccountId,
) -> Result<Principal, OpError> {
    let actor = current::principal(conn, actor).await?;
    let row = store::accounts::get(conn, account).await?.ok_or(OpError::NotFound)?;
    access::decide::<R::Needs>(&app.policy(conn).await?, &actor, &row)?;
    accounts::phone_of(&row)?;
    Ok(actor)
}

/// The actor as a person: programs neither request approvals nor give them.
pub(crate) fn person(actor: &Principal) -> Result<&Person, OpError> {
    match actor {
        Principal::User(person) => Ok(person),
        Principal::Invite(_) | Principal::Cli | Principal::System(_) => refused(ErrorCode::PeopleOnly),
    }
}
