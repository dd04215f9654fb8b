//! The status of a person's request to see a secret, for their page.

use crate::domain::access::Principal;
use crate::domain::error::ErrorCode;
use crate::domain::reveal::{RequestState, RevealKind, RevealRequest};
use crate::domain::{AccountId, Email, Millis};
use crate::ops::approvals::authorize::{closed, expired, person};
use crate::ops::approvals::{approvers_for, newest_of};
use crate::ops::{App, OpError};
use crate::store;

/// How long a closed request is shown, in seconds.
const RECENT: i64 = 30 * 60;

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ApprovalStatus {
    /// No approval is needed.
    Free,
    /// An approval has to be requested.
    Needed {
        /// How the last request ended.
        why: Option<ErrorCode>,
        /// Its reason, as a suggestion for the next.
        reason: String,
        /// Who could approve.
        approvers: Vec<Email>,
    },
    /// The request is not decided yet.
    Waiting {
        request: RevealRequest,
        /// Who could approve.
        approvers: Vec<Email>,
    },
    /// It was approved.
    Approved(RevealRequest),
}

/// The status from the database.
pub async fn from_database(
    app: &App,
    actor: &Principal,
    account: AccountId,
    kind: RevealKind,
) -> Result<ApprovalStatus, OpError> {
    let conn = &mut app.db.read().await?;
    if !store::groups::any_needs_approval(conn, account).await? {
        return Ok(ApprovalStatus::Free);
    }
    let person = person(actor)?;
    let request = store::reveal_requests::newest(conn, account, kind, person.id).await?;
    let others = approvers_for(app, conn, person).await?;
    let others: Vec<Email> = others.into_iter().map(|user| user.email).collect();
    let expired = match &request {
        Some(request) => expired(app, conn, request).await?.map(|why| (why, request.reason.clone())),
        None => None,
    };
    Ok(match (of(request, others.clone(), app.clock.now()), expired) {
        (ApprovalStatus::Approved(_), Some((why, reason))) => {
            ApprovalStatus::Needed { why: Some(why), reason, approvers: others }
        }
        (status, _) => status,
    })
}

/// Whether a secret of this kind can be seen without approval in an emergency: only what logs a device in, and only where
/// the account's groups allow it.
pub async fn allows_emergency(app: &App, account: AccountId, kind: RevealKind) -> Result<bool, OpError> {
    match kind {
        RevealKind::LoginCode | RevealKind::DeviceLogin => {
            Ok(store::groups::emergency_allowed(&mut app.db.read().await?, account).await?)
        }
        RevealKind::TwoStepPassword => Ok(false),
    }
}

/// The status from the view in memory, for updating an open page.
pub fn from_view(
    app: &App,
    actor: &Principal,
    account: AccountId,
    kind: RevealKind,
    approvers: &[store::users::User],
) -> ApprovalStatus {
    let Ok(person) = person(actor) else { return of(None, Vec::new(), app.clock.now()) };
    let others = approvers.iter().filter(|user| user.id != person.id).map(|user| user.email.clone());
    of(newest_of(app, person, account, kind), others.collect(), app.clock.now())
}

fn of(request: Option<RevealRequest>, approvers: Vec<Email>, now: Millis) -> ApprovalStatus {
    let recent =
        request.filter(|request| request.created.plus_seconds(RECENT) > now || request.expires > now);
    let Some(request) = recent else {
        return ApprovalStatus::Needed { why: None, reason: String::new(), approvers };
    };
    match request.state_at(now) {
        RequestState::Waiting => ApprovalStatus::Waiting { request, approvers },
        RequestState::Approved => ApprovalStatus::Approved(request),
        // The next reveal needs its own reason.
        RequestState::Used | RequestState::Withdrawn => {
            ApprovalStatus::Needed { why: closed(&request, now), reason: String::new(), approvers }
        }
        RequestState::Refused | RequestState::Expired | RequestState::Voided => {
            ApprovalStatus::Needed { why: closed(&request, now), reason: request.reason, approvers }
        }
    }
}
