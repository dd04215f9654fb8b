//! The link of an invite: showing it again, replacing it, and taking the invite back.

use super::authority::manages;
use crate::crypto::{self, KeyError, Keys};
use crate::domain::access::Principal;
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::domain::error::ErrorCode;
use crate::domain::invite::{Invite, InviteKind, InviteState};
use crate::domain::{InviteId, Secret};
use crate::live::events::Change;
use crate::ops::{App, OpError, current};
use crate::store::{self, Conn};

/// The address that the person opens. It is a secret.
#[derive(Debug)]
pub struct Link(Secret);

impl Link {
    pub(super) fn of(app: &App, token: &Secret) -> Self {
        let origin = app.config.http.public_url.origin();
        Self(Secret::new(format!("{origin}/onboarding/invite/{}", token.expose())))
    }

    pub fn expose(&self) -> &str {
        self.0.expose()
    }
}

/// The secret part of a link, with the present key.
pub(super) fn token_of(keys: &Keys, id: InviteId, turn: i64) -> Result<Secret, OpError> {
    let tokens = keys.invite_tokens(&id.to_string(), turn).map_err(internal)?;
    tokens.into_iter().next().ok_or_else(|| internal(KeyError::Form))
}

pub(super) fn internal(error: KeyError) -> OpError {
    OpError::Internal(error.into())
}

/// The invite, if the actor may change it now.
async fn managed(app: &App, conn: &mut Conn<'_>, actor: &Principal, id: InviteId) -> Result<Invite, OpError> {
    let actor = current::principal(conn, actor).await?;
    let invite = store::invites::get(conn, id).await?.ok_or(OpError::NotFound)?;
    let rules = app.policy(conn).await?;
    if manages(&rules, &actor, &invite) { Ok(invite) } else { Err(OpError::NotFound) }
}

/// Shows the link of an invite that was not used yet.
pub async fn show_link(app: &App, actor: &Principal, id: InviteId) -> Result<Link, OpError> {
    let now = app.clock.now();
    app.write_with(async |tx| {
        let (invite, link) = open_link(app, tx, actor, id).await?;
        let event = AuditEvent::InviteLinkShown { person: invite.person };
        let recorded = tx.record(&AuditEntry::done(now, actor, event)).await?;
        Ok(recorded.with(link))
    })
    .await
}

/// An invite that the actor may change and that is not over, with its link.
pub(super) async fn open_link(
    app: &App,
    conn: &mut Conn<'_>,
    actor: &Principal,
    id: InviteId,
) -> Result<(Invite, Link), OpError> {
    let invite = managed(app, conn, actor, id).await?;
    if invite.kind != InviteKind::Link || !invite.state_at(app.clock.now()).is_open() {
        return Err(OpError::Refused(ErrorCode::InviteOver));
    }
    let tokens = app.keys.invite_tokens(&id.to_string(), invite.turn).map_err(internal)?;
    let is_it = |token: &Secret| crypto::fingerprint(token.expose()) == invite.token_hash;
    // A link of a master key that is no longer known can only be replaced.
    let token = tokens.into_iter().find(is_it).ok_or(OpError::Refused(ErrorCode::InviteLinkUnreadable))?;
    Ok((invite, Link::of(app, &token)))
}

/// Replaces the link, from now on for as long as the first one. Any browser can begin with the new one, and goes on where
/// another has stopped; the former link and browser are worth nothing.
pub async fn renew(app: &App, actor: &Principal, id: InviteId) -> Result<Link, OpError> {
    let now = app.clock.now();
    let link = app
        .write_with(async |tx| {
            let invite = managed(app, tx, actor, id).await?;
            let is_over = match invite.state_at(now) {
                InviteState::Done | InviteState::Revoked => true,
                InviteState::Created
                | InviteState::Opened
                | InviteState::LoggingIn
                | InviteState::Expired => invite.kind != InviteKind::Link,
            };
            if is_over {
                return Err(OpError::Refused(ErrorCode::InviteOver));
            }
            let turn = invite.turn.saturating_add(1);
            let token = token_of(&app.keys, id, turn)?;
            let most = i64::from(app.config.onboarding.invite_days) * 24;
            let renewed = Invite {
                turn,
                token_hash: crypto::fingerprint(token.expose()),
                state: InviteState::Created,
                browser: None,
                emailed: None,
                expires: now.plus_seconds(invite.hours.min(most) * 60 * 60),
                ..invite
            };
            store::invites::save(tx, &renewed).await?;
            let event = AuditEvent::InviteRenewed { person: renewed.person };
            let recorded = tx.record(&AuditEntry::done(now, actor, event)).await?;
            Ok(recorded.with(Link::of(app, &token)))
        })
        .await?;
    app.live.events.publish(Change::Invites);
    Ok(link)
}

/// Takes an invite back. An account that is being logged in with it stays.
pub async fn revoke(app: &App, actor: &Principal, id: InviteId) -> Result<(), OpError> {
    let now = app.clock.now();
    app.write_with(async |tx| {
        let invite = managed(app, tx, actor, id).await?;
        if !invite.state_at(now).is_open() {
            return Err(OpError::Refused(ErrorCode::InviteOver));
        }
        let revoked = Invite { state: InviteState::Revoked, ..invite };
        store::invites::save(tx, &revoked).await?;
        let event = AuditEvent::InviteRevoked { person: revoked.person };
        Ok(tx.record(&AuditEntry::done(now, actor, event)).await?.with(()))
    })
    .await?;
    app.live.events.publish(Change::Invites);
    Ok(())
}
