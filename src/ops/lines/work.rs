//! Working on the lines of a job, a few at the same time.
//!
//! A line is begun in a transaction that decides again whether its person may do it, then its action is done, then the
//! outcome is stored. If the program ends in between, the line is begun again: doing most actions twice changes nothing,
//! and the mark of a line tells whether one was done that must not be done twice.

use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::stream;
use parking_lot::Mutex;

use super::authorized::AuthorizedAction;
use super::outcome::{self, Next};
use super::precheck;
use crate::domain::access::{Policy, Principal, Refusal};
use crate::domain::error::ErrorCode;
use crate::domain::job::{JobRecord, StepOutcome};
use crate::domain::job_line::{
    Action, LINE_LIFETIME, LINES_PER_PHASE, LineFault, LineState, LineSubject, PlannedLine,
};
use crate::domain::{Account, AccountId, UserId};
use crate::live::events::Change;
use crate::ops::{App, sign_in};
use crate::store::job_lines::{Line, Place};
use crate::store::{self, Conn, StoreError};
use crate::words::sentence;

/// Lines that are worked on at the same time.
const CONCURRENCY: usize = 8;
/// After this time no further line begins, so that other jobs get their turn and the list of tasks shows what was done.
const SLICE: Duration = Duration::from_secs(3);

/// Does lines that can be done now. One that takes long does not hold up the others.
pub async fn work(app: &App, job: &JobRecord) -> Result<StepOutcome, StoreError> {
    let mut due = store::job_lines::due(&mut app.db.read().await?, job.id, app.clock.now()).await?;
    let phase = due.first().map(|number| number / LINES_PER_PHASE);
    due.retain(|number| Some(number / LINES_PER_PHASE) == phase);
    let (failed, began) = (Mutex::new(None), Instant::now());
    let lines = stream::iter(due).for_each_concurrent(CONCURRENCY, async |number| {
        // What has begun ends, and nothing more begins.
        if app.stopping.is_cancelled() || failed.lock().is_some() || began.elapsed() > SLICE {
            return;
        }
        if let Err(error) = one(app, (job.id, number)).await {
            failed.lock().get_or_insert(error);
        }
    });
    lines.await;
    if let Some(error) = failed.into_inner() {
        return Err(error);
    }
    // In one transaction, so that a line that is retried meanwhile is not forgotten.
    app.db
        .maintain(async |conn| match store::job_lines::next_due(conn, job.id).await? {
            Some(at) => store::jobs::wait_until(conn, job.id, at.max(app.clock.now())).await,
            None => store::jobs::advance(conn, job.id, None).await,
        })
        .await?;
    Ok(StepOutcome::Committed)
}

async fn one(app: &App, place: Place) -> Result<(), StoreError> {
    let begun = app.db.maintain(async |conn| begin(app, conn, place).await).await?;
    if let Some((line, action)) = begun {
        let result = action.perform(app).await;
        let after = outcome::after(app, &line, result);
        app.db.maintain(async |conn| store_outcome(app, conn, place, after).await).await?;
    }
    app.live.events.publish(Change::Jobs);
    Ok(())
}

/// Begins a line, and returns its action if it is to be done.
async fn begin(
    app: &App,
    conn: &mut Conn<'_>,
    place: Place,
) -> Result<Option<(Line, Box<AuthorizedAction>)>, StoreError> {
    let line = store::job_lines::get(conn, &app.keys, place).await?.filter(|line| line.state.is_open());
    let Some(line) = line else { return Ok(None) };
    let now = app.clock.now();
    let after = match decide(app, conn, &line).await? {
        Decided::Authorized(action, mark) => {
            store::job_lines::begin(conn, place, mark.as_deref(), now).await?;
            return Ok(Some((line, action)));
        }
        Decided::Done => Next::Finished(LineState::Done, None),
        Decided::Refused(why) => Next::Finished(LineState::Failed, Some(sentence(&why))),
        Decided::OutcomePending => outcome::pending(&line, now),
    };
    store_outcome(app, conn, place, after).await?;
    Ok(None)
}

enum Decided {
    /// The action, and the mark of what is there before it.
    Authorized(Box<AuthorizedAction>, Option<String>),
    /// There is nothing to do, or not any more.
    Done,
    Refused(ErrorCode),
    /// It was begun, and it is not known yet whether it was done.
    OutcomePending,
}

async fn decide(app: &App, conn: &mut Conn<'_>, line: &Line) -> Result<Decided, StoreError> {
    let refused = |fault: LineFault| Ok(Decided::Refused(fault.into()));
    let Some(planned) = &line.planned else { return refused(LineFault::Unreadable) };
    if app.clock.now().seconds_since(planned.started) > LINE_LIFETIME {
        return refused(LineFault::TooOld { days: LINE_LIFETIME / (24 * 60 * 60) });
    }
    let Some(actor) = initiator(conn, planned).await? else { return refused(LineFault::InitiatorBlocked) };
    let rules = app.policy(conn).await?;
    let account = match planned.subject {
        LineSubject::Account(id) => store::accounts::get(conn, id).await?,
        LineSubject::Person(id) => {
            return for_person(app, conn, (&rules, &actor), id, &planned.action).await;
        }
    };
    let Some(account) = account else { return refused(LineFault::SubjectGone) };
    let action = match AuthorizedAction::for_account(&rules, &actor, &account, &planned.action) {
        Ok(action) => action,
        Err(Refusal::NotVisible) => return refused(LineFault::SubjectGone),
        Err(refusal) => return Ok(Decided::Refused(refusal.into())),
    };
    if precheck::is_done(app, &account, &planned.action) {
        return Ok(Decided::Done);
    }
    if let Some(fault) = changed_meanwhile(planned, &account) {
        return refused(fault);
    }
    let mark = mark(conn, account.id, &planned.action).await?;
    // What was begun before may have been done.
    if let Some(before) = line.mark.as_ref().filter(|_| line.state == LineState::Begun) {
        if store::secrets::is_two_step_unsettled(conn, account.id).await? {
            return Ok(Decided::OutcomePending);
        }
        if Some(before) != mark.as_ref() {
            return Ok(Decided::Done);
        }
    }
    Ok(Decided::Authorized(Box::new(action), mark))
}

/// Why a step of an off-boarding is not wanted any more.
fn changed_meanwhile(planned: &PlannedLine, account: &Account) -> Option<LineFault> {
    let leaver = planned.about.as_ref()?;
    match &planned.action {
        Action::ChangeOwner { .. } => {
            (account.owner.as_ref() != Some(leaver)).then_some(LineFault::OwnerChanged)
        }
        Action::RemoveGroup { group, .. } => {
            let is_lost = account.owner.is_none() && account.groups.iter().all(|it| it == group);
            is_lost.then_some(LineFault::LastGroup)
        }
        Action::Connect
        | Action::Disconnect
        | Action::AddGroup { .. }
        | Action::EndOtherDevices
        | Action::NewTwoStepPassword
        | Action::Person(_) => None,
    }
}

async fn for_person(
    app: &App,
    conn: &mut Conn<'_>,
    (rules, actor): (&Policy, &Principal),
    id: UserId,
    action: &Action,
) -> Result<Decided, StoreError> {
    let user = store::users::by_id(conn, id).await?;
    let Some(user) = user else { return Ok(Decided::Refused(LineFault::SubjectGone.into())) };
    let authorized = match AuthorizedAction::for_person(rules, actor, id, action) {
        Ok(authorized) => authorized,
        Err(why) => return Ok(Decided::Refused(why)),
    };
    match precheck::is_person_done(app, conn, &user, action).await? {
        true => Ok(Decided::Done),
        false => Ok(Decided::Authorized(Box::new(authorized), None)),
    }
}

/// What is there before an action that must not be done twice: if it is another after a crash, the action was done.
async fn mark(
    conn: &mut Conn<'_>,
    account: AccountId,
    action: &Action,
) -> Result<Option<String>, StoreError> {
    match action {
        // A password that is only stored is no change at Telegram.
        Action::NewTwoStepPassword => {
            Ok(Some(store::audit::password_change_of(conn, account).await?.unwrap_or_default().to_string()))
        }
        Action::Connect
        | Action::Disconnect
        | Action::ChangeOwner { .. }
        | Action::AddGroup { .. }
        | Action::RemoveGroup { .. }
        | Action::EndOtherDevices
        | Action::Person(_) => Ok(None),
    }
}

/// The person who started the job, as the database has them now; none if they are blocked.
async fn initiator(conn: &mut Conn<'_>, planned: &PlannedLine) -> Result<Option<Principal>, StoreError> {
    let user = store::users::by_id(conn, planned.initiator).await?.filter(|user| !user.disabled);
    Ok(user.map(|user| Principal::User(sign_in::person(&user, planned.is_verified))))
}

async fn store_outcome(app: &App, conn: &mut Conn<'_>, place: Place, after: Next) -> Result<(), StoreError> {
    let now = app.clock.now();
    match after {
        Next::Finished(state, why) => {
            store::job_lines::finish(conn, place, (state, why.as_deref()), now).await
        }
        Next::Retry(postponed) => store::job_lines::postpone(conn, place, &postponed, now).await,
    }
}
