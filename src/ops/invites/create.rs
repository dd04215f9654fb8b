//! Creating an invite.

use super::authority::authorize;
use super::link::{Link, token_of};
use super::{DAY, KEPT};
use crate::crypto;
use crate::domain::access::{Person, SystemGrant};
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::domain::error::{ErrorCode, GoneKind};
use crate::domain::invite::{Invite, InviteKind, InviteState};
use crate::domain::privilege::can;
use crate::domain::{Email, GroupId, InviteId, Millis, Phone, Secret, UserId};
use crate::live::events::Change;
use crate::ops::accounts::{check_comment, is_taken_by_visible};
use crate::ops::approvals::authorize::person;
use crate::ops::audit::failed_attempts;
use crate::ops::{App, OpError, current};
use crate::store::{self, StoreError, Written};
use crate::words;

#[derive(Clone, Debug)]
pub struct NewInvite {
    /// For whom it is: the owner of the account.
    pub person: Email,
    pub phone: Option<Phone>,
    pub comment: String,
    pub groups: Vec<GroupId>,
    /// How long the link is valid.
    pub hours: u32,
}

/// Creates an invite. Its link is shown once; showing it again is recorded.
pub async fn create(
    app: &App,
    grant: SystemGrant<'_, can::AddAccount>,
    new: NewInvite,
) -> Result<(InviteId, Link), OpError> {
    check_comment(&new.comment)?;
    let creator = person(grant.actor())?;
    check_lifetime(app, new.hours)?;
    if new.phone.as_ref().is_some_and(|phone| is_taken_by_visible(app, grant.actor(), phone)) {
        return Err(OpError::invalid("phone", ErrorCode::PhoneTaken));
    }
    let (now, id) = (app.clock.now(), InviteId::generate());
    let token = token_of(&app.keys, id, 1)?;
    let invite = draw_up(id, creator, new, &token, now);
    let entry = |groups| {
        let (person, phone, hours) = (invite.person.clone(), invite.phone.clone(), invite.hours);
        AuditEntry::done(now, grant.actor(), AuditEvent::InviteCreated { person, phone, groups, hours })
    };
    let attempt = entry(Vec::new());
    let created = app
        .write_with(async |tx| -> Result<Written<()>, OpError> {
            let actor = current::principal(tx, grant.actor()).await?;
            let names = names(tx, &invite.groups).await?;
            authorize(&app.policy(tx).await?, &actor, &invite.groups)?;
            check_count(app, tx, &invite).await?;
            store::invites::forget_before(tx, now.plus_seconds(-KEPT)).await?;
            store::invites::insert(tx, &invite).await?;
            Ok(tx.record(&entry(names)).await?.with(()))
        })
        .await;
    if let Err(error) = &created {
        failed_attempts::note(app, &attempt.actor, attempt.clone().because(words::sentence(&error.code())));
    }
    created?;
    tracing::info!(invite = %id, actor = %grant.actor(), "invite created");
    app.live.events.publish(Change::Invites);
    Ok((id, Link::of(app, &token)))
}

/// An invite that nothing was done with yet.
pub(super) fn draw_up(id: InviteId, creator: &Person, new: NewInvite, token: &Secret, now: Millis) -> Invite {
    let hours = i64::from(new.hours);
    Invite {
        id,
        kind: InviteKind::Link,
        creator: creator.id,
        created_by: creator.email.clone(),
        person: new.person,
        phone: new.phone,
        comment: new.comment,
        groups: new.groups,
        created: now,
        hours,
        expires: now.plus_seconds(hours * 60 * 60),
        turn: 1,
        token_hash: crypto::fingerprint(token.expose()),
        state: InviteState::Created,
        browser: None,
        account: None,
        emailed: None,
    }
}

pub(super) fn check_lifetime(app: &App, hours: u32) -> Result<(), OpError> {
    let days = app.config.onboarding.invite_days;
    let is_valid = (1..=days.saturating_mul(24)).contains(&hours);
    if is_valid { Ok(()) } else { Err(OpError::invalid("hours", ErrorCode::InviteLifetime { days })) }
}

/// The names of groups that exist.
async fn names(conn: &mut store::Conn<'_>, groups: &[GroupId]) -> Result<Vec<String>, OpError> {
    let mut names = Vec::new();
    for id in groups {
        let gone = || OpError::invalid("groups", ErrorCode::Gone { kind: GoneKind::Group });
        names.push(store::groups::get(conn, *id).await?.ok_or_else(gone)?.name);
    }
    Ok(names)
}

/// Refuses people who created as many as they may.
async fn check_count(app: &App, conn: &mut store::Conn<'_>, invite: &Invite) -> Result<(), OpError> {
    if left_today(app, conn, invite.creator, invite.created).await? <= 0 {
        let limit = i64::from(app.config.onboarding.invites_per_person_per_day);
        return Err(OpError::TooOften(ErrorCode::TooManyInvites { limit }));
    }
    Ok(())
}

/// How many invites a person may still create. Those of a list count from the moment when it is begun.
pub(super) async fn left_today(
    app: &App,
    conn: &mut store::Conn<'_>,
    creator: UserId,
    now: Millis,
) -> Result<i64, StoreError> {
    let limit = i64::from(app.config.onboarding.invites_per_person_per_day);
    let created =
        store::invites::count_since(conn, creator, InviteKind::Link, now.plus_seconds(-DAY)).await?;
    Ok(limit - created - store::invite_lines::waiting(conn, creator).await?)
}
