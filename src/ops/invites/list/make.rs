//! Creating the invite of the next line. It is committed together with the line, so that it is created once, however the
//! server ends.

use crate::domain::UserId;
use crate::domain::access::{Person, Principal};
use crate::domain::audit::{AuditEntry, AuditEvent, Outcome};
use crate::domain::error::ErrorCode;
use crate::domain::invite_list::PlannedInvite;
use crate::domain::job::{InvitesStep, JobRecord, StepOutcome};
use crate::live::events::Change;
use crate::ops::accounts::is_taken_by_visible;
use crate::ops::invites::authority::authorize;
use crate::ops::invites::create::{NewInvite, draw_up};
use crate::ops::invites::link::token_of;
use crate::ops::{App, sign_in};
use crate::store::invite_lines::Line;
use crate::store::{self, Conn, StoreError, Tx, Written};
use crate::words::{self, invite_list};

/// What became of the next line.
enum Made {
    Line,
    /// There is no line left.
    Nothing,
    /// A person stopped the job.
    Over,
    Stopped(&'static str),
}

/// Does the next line of this job.
pub async fn make_next(app: &App, job: &JobRecord) -> Result<StepOutcome, StoreError> {
    let made = app
        .write_with(async |tx| -> Result<Written<Made>, StoreError> {
            if !store::jobs::is_waiting(tx, job.id).await? {
                return Ok(Written::unchanged(Made::Over));
            }
            match store::invite_lines::next(tx, &app.keys, job.id).await {
                Ok(Some(line)) => make(app, tx, job, line).await,
                Ok(None) => Ok(Written::unchanged(Made::Nothing)),
                Err(StoreError::Corrupt(_)) => Ok(Written::unchanged(Made::Stopped(invite_list::UNREADABLE))),
                Err(error) => Err(error),
            }
        })
        .await?;
    match made {
        Made::Line => {
            app.live.events.publish(Change::Invites);
            Ok(StepOutcome::Committed)
        }
        Made::Nothing => Ok(StepOutcome::Done),
        Made::Over => Ok(StepOutcome::Committed),
        Made::Stopped(why) => Ok(StepOutcome::Stuck(why.into())),
    }
}

/// The person who started a list, if they may still do anything.
pub(super) async fn initiator(conn: &mut Conn<'_>, id: UserId) -> Result<Option<Person>, StoreError> {
    let user = store::users::by_id(conn, id).await?.filter(|user| !user.disabled);
    // Their address was verified when they started it.
    Ok(user.map(|user| sign_in::person(&user, true)))
}

async fn make(app: &App, tx: &mut Tx<'_>, job: &JobRecord, line: Line) -> Result<Written<Made>, StoreError> {
    let Line { number, planned, .. } = line;
    let Some(person) = initiator(tx, planned.creator).await? else {
        return Ok(Written::unchanged(Made::Stopped(invite_list::STOPPED)));
    };
    let creator = Principal::User(person.clone());
    let mut names = Vec::new();
    for id in &planned.groups {
        names.extend(store::groups::get(tx, *id).await?.map(|group| group.name));
    }
    let is_gone = names.len() < planned.groups.len();
    let may = authorize(&app.policy(tx).await?, &creator, if is_gone { &[] } else { &planned.groups });
    if may.is_err() {
        return Ok(Written::unchanged(Made::Stopped(invite_list::STOPPED)));
    }
    let taken = planned.phone.as_ref().is_some_and(|phone| is_taken_by_visible(app, &creator, phone));
    let failed = match (is_gone, taken) {
        (true, _) => Some(invite_list::GROUP_GONE.to_owned()),
        (false, true) => Some(words::sentence(&ErrorCode::PhoneTaken)),
        (false, false) => None,
    };
    let now = app.clock.now();
    let PlannedInvite { id, person: owner, phone, comment, groups, hours, .. } = planned;
    let event = AuditEvent::InviteCreated {
        person: owner.clone(),
        phone: phone.clone(),
        groups: names,
        hours: hours.into(),
    };
    let mut entry = AuditEntry::done(now, &creator, event);
    if let Some(why) = &failed {
        entry = AuditEntry { outcome: Outcome::Failed, ..entry.because(why.clone()) };
    } else {
        let token = token_of(&app.keys, id, 1).map_err(|error| StoreError::Corrupt(format!("{error:?}")))?;
        let new = NewInvite { person: owner, phone, comment, groups, hours };
        store::invites::insert(tx, &draw_up(id, &person, new, &token, now)).await?;
    }
    store::invite_lines::finish(tx, job.id, number, &failed.unwrap_or_default()).await?;
    store::jobs::advance(tx, job.id, Some(InvitesStep::Create.name())).await?;
    Ok(tx.record(&entry).await?.with(Made::Line))
}
