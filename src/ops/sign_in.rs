//! People signing in to Telescope and out of it.

use std::sync::Arc;
use std::time::Duration;

use crate::domain::access::{Person, Principal};
use crate::domain::audit::{AuditEntry, AuditEvent, SignInDenied};
use crate::domain::error::ErrorCode;
use crate::domain::{Email, Identity, Millis, RequestInfo};
use crate::ops::audit::{failed_attempts, queue};
use crate::ops::{App, Applied, OpError, policy};
use crate::store::users::User;
use crate::store::{self, StoreError, WebSessions, Written};

/// A user with the epoch of their sessions, or why they can't sign in.
type Decision = Applied<(User, i64), SignInDenied>;

/// A person who was let in, and the epoch of the session that begins: whatever ends the person's sessions after the
/// decision moves the epoch on, so a row that is inserted later is worth nothing.
#[derive(Debug)]
pub struct SignedIn {
    pub person: Person,
    pub epoch: i64,
}

/// Signs a person in whose identity is proven: at first sight they are added and the identity is bound to them. Those
/// named in ADMIN_EMAILS become administrators.
///
/// An address that comes with another subject of the same issuer than before is refused: it may have been given to
/// another person, who must not inherit what the former owner could do. So is a subject that is seen for the first time
/// with an address that is not verified: with it one could claim the place of another person.
pub async fn sign_in(app: &App, identity: &Identity, origin: &RequestInfo) -> Result<SignedIn, OpError> {
    admitted(app, identity, origin)?;
    let now = app.clock.now();
    let named_admin = app.config.sso.admin_emails.contains(&identity.email);
    let mut other_roles = false;
    let user = app
        .write_with(async |conn| -> Result<Written<Decision>, StoreError> {
            let mut recorded = None;
            let mut user = match known(conn, identity, now).await? {
                Applied::Done(user) => user,
                Applied::Rejected(why) => return Ok(Written::unchanged(Applied::Rejected(why))),
            };
            if named_admin && !user.admin && identity.proves(&user.email) {
                store::users::set_admin(conn, user.id, true).await?;
                user.admin = true;
                let event = AuditEvent::AdminGranted { person: user.email.clone() };
                let entry = AuditEntry::done(now, &Principal::System("ADMIN_EMAILS"), event);
                recorded = Some(conn.record(&entry).await?);
            }
            if let Some(groups) = &identity.groups
                && store::roles::set_from_provider(conn, user.id, groups).await?
            {
                other_roles = true;
                let roles = store::roles::of_person(conn, user.id).await?;
                let event = AuditEvent::RolesFromProvider { person: user.email.clone(), roles };
                let entry = AuditEntry::done(now, &Principal::System("identity-provider"), event);
                recorded = Some(conn.record(&entry).await?);
            }
            if !user.disabled {
                store::users::set_seen(conn, user.id, now).await?;
                let actor = Principal::User(person(&user, identity.proves(&user.email))).coming_from(origin);
                let entry = AuditEntry::done(now, &actor, AuditEvent::WebSignIn);
                recorded = Some(conn.record(&entry).await?);
            }
            let epoch = store::users::session_epoch(conn, user.id).await?.ok_or(StoreError::Missing)?;
            Ok(Written::of(recorded, Applied::Done((user, epoch))))
        })
        .await?
        .into_result();
    if other_roles {
        policy::in_force(app).await;
    }
    let (user, epoch) = user.map_err(|why| {
        not_let_in(app, &identity.email, origin, why);
        OpError::Refused(match why {
            SignInDenied::Unverified => ErrorCode::EmailUnverified { email: identity.email.to_string() },
            SignInDenied::OtherIdentity => ErrorCode::OtherIdentity,
            SignInDenied::OtherDomain => ErrorCode::DomainNotAdmitted { email: identity.email.to_string() },
            SignInDenied::Blocked => ErrorCode::Blocked,
        })
    })?;
    if user.disabled {
        not_let_in(app, &user.email, origin, SignInDenied::Blocked);
        return Err(OpError::Refused(ErrorCode::Blocked));
    }
    tracing::info!(person = %user.email, "signed in");
    Ok(SignedIn { person: person(&user, identity.proves(&user.email)), epoch })
}

/// Refuses an address whose domain may not sign in. It holds for each request that proves an identity,
/// too, since the settings may have changed since that session began.
pub fn admitted(app: &App, identity: &Identity, origin: &RequestInfo) -> Result<(), OpError> {
    if app.config.sso.admits(&identity.email) {
        return Ok(());
    }
    tracing::warn!(person = %identity.email, "an address of no domain in SSO_EMAIL_DOMAINS was refused");
    not_let_in(app, &identity.email, origin, SignInDenied::OtherDomain);
    Err(OpError::Denied(ErrorCode::DomainNotAdmitted { email: identity.email.to_string() }))
}

/// Records that a person was denied access. Only of blocked people it is certain who they are; of the others the entry
/// has the address that came with the identity.
fn not_let_in(app: &App, person: &Email, origin: &RequestInfo, why: SignInDenied) {
    let mut entry = AuditEntry::done(
        app.clock.now(),
        &Principal::System("sign-in"),
        AuditEvent::SignInRefused { person: person.clone(), why },
    );
    entry.address = origin.address.map(|address| address.to_string());
    entry.request_id.clone_from(&origin.request);
    if why == SignInDenied::Blocked {
        entry.actor = person.to_string();
    }
    failed_attempts::note(app, &format!("{person} {why:?}"), entry);
}

/// The person of an identity. It is bound at first sight, if its address is verified and has no other identity.
async fn known(
    conn: &mut store::Conn<'_>,
    identity: &Identity,
    now: Millis,
) -> Result<Applied<User, SignInDenied>, StoreError> {
    let Identity { issuer, subject, email, verified, .. } = identity;
    if let Some(bound) = store::identities::find(conn, issuer, subject).await? {
        return store::users::by_id(conn, bound).await?.map(Applied::Done).ok_or(StoreError::Missing);
    }
    if !verified {
        return Ok(Applied::Rejected(SignInDenied::Unverified));
    }
    let user = store::users::upsert_seen(conn, email, now).await?;
    if !store::identities::subjects(conn, issuer, user.id).await?.is_empty() {
        return Ok(Applied::Rejected(SignInDenied::OtherIdentity));
    }
    store::identities::bind(conn, issuer, subject, user.id, now).await?;
    Ok(Applied::Done(user))
}

/// Records that a person signs out.
pub async fn sign_out(app: &App, actor: &Principal) -> Result<(), OpError> {
    let entry = AuditEntry::done(app.clock.now(), actor, AuditEvent::WebSignOut);
    Ok(queue::record(app, &entry).await.map(drop)?)
}

/// What rights need to know of a user; `verified` says whether the present identity proves the address.
pub fn person(user: &User, verified: bool) -> Person {
    Person {
        id: user.id,
        email: user.email.clone(),
        verified,
        admin: user.admin,
        origin: RequestInfo::default(),
    }
}

/// Deletes the sessions that have ended by themselves, now and every hour, until the program ends.
pub async fn tidy_sessions(app: Arc<App>) {
    let sessions = WebSessions::new(app.db.clone(), app.clock.clone());
    let mut hours = tokio::time::interval(Duration::from_secs(60 * 60));
    loop {
        hours.tick().await;
        match sessions.delete_expired().await {
            Ok(0) => {}
            Ok(ended) => tracing::info!(ended, "sessions ended by themselves"),
            Err(error) => tracing::warn!(%error, "ended sessions were not deleted; that is tried again"),
        }
    }
}
