//! Beginning with an invite: the first browser that agrees is the only one in which it can be used. Looking at a link
//! changes nothing, since mail scanners and chat previews do.

use std::net::IpAddr;

use super::authority::is_still_allowed;
use super::denied;
use super::link::internal;
use crate::crypto;
use crate::domain::access::Principal;
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::domain::error::ErrorCode;
use crate::domain::invite::{Invite, InviteDenied, InviteKind, InviteState};
use crate::domain::{InviteId, RequestInfo, Secret};
use crate::live::events::Change;
use crate::ops::approvals::authorize::person;
use crate::ops::audit::failed_attempts;
use crate::ops::{App, Context, OpError, current};
use crate::store::{self, StoreError, Written};

/// The longest text that is looked up as a link; a longer one is none.
const MAX_TOKEN: usize = 100;

/// How often a person can begin with an account of their own in a day. Each can reserve a number until it expires.
const OWN_PER_DAY: i64 = 5;

/// What a browser keeps of an invite with which it has begun.
#[derive(Clone, Debug)]
pub struct Browser {
    pub invite: InviteId,
    pub secret: Secret,
}

/// An invite, and who acts with it.
#[derive(Debug)]
pub struct Begun {
    pub invite: Invite,
    pub principal: Principal,
}

/// The invite of a link, whatever its state; none if there is no such link.
pub async fn find(context: &Context, token: &str) -> Result<Option<Invite>, StoreError> {
    if token.len() > MAX_TOKEN {
        return Ok(None);
    }
    let hash = crypto::fingerprint(token);
    store::invites::by_token_hash(&mut context.db.read().await?, &hash).await
}

/// The source of all attempts with links. Anyone can make them, from any number of addresses, so together they use up no
/// more of what is recorded than one person does.
const STRANGERS: &str = "invite links";

/// Notes that a link was refused. Of wrong ones there may be thousands, so only some are recorded.
pub fn refuse(app: &App, why: InviteDenied, origin: &RequestInfo) {
    let entry =
        AuditEntry::done(app.clock.now(), &Principal::System("invites"), AuditEvent::InviteRefused { why });
    let address = origin.address.as_ref().map(IpAddr::to_string);
    let what = format!("{} {why:?}", address.as_deref().unwrap_or_default());
    let entry = AuditEntry { address, request_id: origin.request.clone(), ..entry };
    failed_attempts::note_from(app, STRANGERS, &what, entry);
}

/// Begins in this browser, with the person's consent. The link is of no use to any other browser from then on.
pub async fn begin(app: &App, token: &str, origin: &RequestInfo) -> Result<Browser, OpError> {
    let Some(found) = find(app, token).await? else {
        refuse(app, InviteDenied::Unknown, origin);
        return Err(denied(InviteDenied::Unknown));
    };
    let (now, secret) = (app.clock.now(), crypto::new_browser_secret().map_err(internal)?);
    let begun = app
        .write_with(async |tx| -> Result<Written<Result<(), InviteDenied>>, OpError> {
            let invite = store::invites::get(tx, found.id).await?;
            let Some(invite) = invite.filter(|invite| invite.token_hash == found.token_hash) else {
                return Ok(Written::unchanged(Err(InviteDenied::Unknown)));
            };
            if let Some(why) = invite.denial(now) {
                return Ok(Written::unchanged(Err(why)));
            }
            if !is_still_allowed(app, tx, &invite).await? {
                return Ok(Written::unchanged(Err(InviteDenied::CreatorLostAccess)));
            }
            let hash = crypto::fingerprint(secret.expose());
            // A renewed invite may have an account already.
            let state = if invite.account.is_some() { InviteState::LoggingIn } else { InviteState::Opened };
            let opened = Invite { state, browser: Some(hash.clone()), ..invite };
            store::invites::save(tx, &opened).await?;
            let principal = opened.principal(now, &hash, origin).map_err(denied)?;
            let event = AuditEvent::InviteOpened { person: opened.person };
            Ok(tx.record(&AuditEntry::done(now, &principal, event)).await?.with(Ok(())))
        })
        .await?;
    if let Err(why) = begun {
        refuse(app, why, origin);
        return Err(denied(why));
    }
    app.live.events.publish(Change::Invites);
    Ok(Browser { invite: found.id, secret })
}

/// Whether a person can add their own account: their address is verified, and the settings allow it.
pub fn may_bring_own(context: &Context, actor: &Principal) -> bool {
    match actor {
        Principal::User(person) => person.verified && context.config.onboarding.admits(&person.email),
        Principal::Invite(_) | Principal::Cli | Principal::System(_) => false,
    }
}

/// Whether this browser has begun with this invite.
pub fn has_begun(browser: &Browser, invite: &Invite) -> bool {
    browser.invite == invite.id && invite.is_in(&crypto::fingerprint(browser.secret.expose()))
}

/// Begins with the actor's own account, with their consent.
pub async fn begin_own(app: &App, actor: &Principal) -> Result<Browser, OpError> {
    let own = person(actor)?;
    if !may_bring_own(app, actor) {
        return Err(OpError::Denied(ErrorCode::OnboardingClosed));
    }
    let (now, id) = (app.clock.now(), InviteId::generate());
    let secret = crypto::new_browser_secret().map_err(internal)?;
    // There is no link: nothing has this hash.
    let no_link = crypto::new_browser_secret().map_err(internal)?;
    let invite = Invite {
        id,
        kind: InviteKind::Own,
        creator: own.id,
        created_by: own.email.clone(),
        person: own.email.clone(),
        phone: None,
        comment: String::new(),
        groups: Vec::new(),
        created: now,
        hours: 24,
        expires: now.plus_seconds(super::DAY),
        turn: 1,
        token_hash: crypto::fingerprint(no_link.expose()),
        state: InviteState::Opened,
        browser: Some(crypto::fingerprint(secret.expose())),
        account: None,
        emailed: None,
    };
    let event = AuditEvent::InviteOpened { person: own.email.clone() };
    let entry = AuditEntry::done(now, actor, event);
    app.write(&entry, async |tx| -> Result<(), OpError> {
        current::principal(tx, actor).await?;
        let since = now.plus_seconds(-super::DAY);
        if store::invites::count_since(tx, own.id, InviteKind::Own, since).await? >= OWN_PER_DAY {
            return Err(OpError::TooOften(ErrorCode::TooManyOwnAccounts { limit: OWN_PER_DAY }));
        }
        store::invites::forget_before(tx, now.plus_seconds(-super::KEPT)).await?;
        store::invites::insert(tx, &invite).await?;
        Ok(())
    })
    .await?;
    app.live.events.publish(Change::Invites);
    Ok(Browser { invite: id, secret })
}

/// Who acts in a browser that has begun. It is checked for each request: the invite may be over, and the person who created
/// it may have lost the permission.
pub async fn of_browser(
    context: &Context,
    browser: &Browser,
    origin: &RequestInfo,
) -> Result<Result<Begun, (InviteDenied, Option<Invite>)>, StoreError> {
    let conn = &mut context.db.read().await?;
    let Some(invite) = store::invites::get(conn, browser.invite).await? else {
        return Ok(Err((InviteDenied::Unknown, None)));
    };
    let hash = crypto::fingerprint(browser.secret.expose());
    let principal = match invite.principal(context.clock.now(), &hash, origin) {
        Ok(principal) => principal,
        Err(why) => return Ok(Err((why, Some(invite).filter(|invite| invite.is_in(&hash))))),
    };
    if !is_still_allowed(context, conn, &invite).await? {
        return Ok(Err((InviteDenied::CreatorLostAccess, Some(invite))));
    }
    Ok(Ok(Begun { invite, principal }))
}
