//! People signing in to Telescope and out of it.

mod binding;
mod provider_roles;
pub mod sealing;

use std::sync::Arc;
use std::time::Duration;

use crate::domain::access::{Person, Principal};
use crate::domain::audit::{AuditEntry, AuditEvent, SignInDenied};
use crate::domain::error::ErrorCode;
use crate::domain::{Email, Identity, RequestInfo};
use crate::live::events::Change;
use crate::ops::audit::{failed_attempts, queue};
use crate::ops::{App, Applied, OpError, policy};
use crate::store::users::User;
use crate::store::{self, StoreError, Tx, WebSessions, Written};
pub use provider_roles::RolesOutcome;

const TIDY_EVERY: Duration = Duration::from_secs(5 * 60);

/// A person who signed in, and the epoch for their new session. Ending all sessions of a person increments their epoch,
/// so a session row that is inserted afterwards with this epoch is invalid.
#[derive(Debug)]
pub struct SignedIn {
    pub person: Person,
    pub epoch: i64,
    pub roles: RolesOutcome,
}

/// Signs in a person with an authenticated identity. At the first sign-in the user is created and the identity bound to
/// it. People listed in ADMIN_EMAILS become administrators.
///
/// An address that comes with another subject of the same issuer than before is refused: it may have been reassigned to
/// another person, who must not inherit what the former owner could do. Issuers that give people new subjects are the
/// exception. Refused is also a subject that is seen for the first time with an address that is not verified: with it
/// one could claim the place of another person.
pub async fn sign_in(app: &App, identity: &Identity, origin: &RequestInfo) -> Result<SignedIn, OpError> {
    admitted(app, identity, origin)?;
    let decided = app.write_with(async |tx| decide(app, tx, identity, origin).await).await?.into_result();
    let Decided { user, epoch, roles, surplus } = decided.map_err(|why| {
        if why == SignInDenied::Unverified {
            tracing::warn!(
                person = %identity.email,
                "an address that is not verified was refused; docs/sign-on.md says what verifies addresses"
            );
        }
        not_let_in(app, identity, &identity.email, origin, why);
        OpError::Refused(match why {
            SignInDenied::Unverified => ErrorCode::EmailUnverified { email: identity.email.to_string() },
            SignInDenied::OtherIdentity => ErrorCode::OtherIdentity,
            SignInDenied::OtherDomain => ErrorCode::DomainNotAdmitted { email: identity.email.to_string() },
            SignInDenied::Blocked => ErrorCode::Blocked,
        })
    })?;
    match roles {
        RolesOutcome::Changed | RolesOutcome::Ended(_) => policy::refresh_after_change(app).await,
        RolesOutcome::Unchanged | RolesOutcome::Kept(_) => {}
    }
    if user.disabled {
        not_let_in(app, identity, &user.email, origin, SignInDenied::Blocked);
        return Err(OpError::Refused(ErrorCode::Blocked));
    }
    if surplus > 0 {
        tracing::info!(person = %user.email, surplus, "the oldest sessions of a person were ended: they had too many");
        app.live.events.publish(Change::User(user.id));
    }
    tracing::info!(person = %user.email, "signed in");
    Ok(SignedIn { person: person(&user, identity.proves(&user.email)), epoch, roles })
}

/// What the transaction found and changed.
struct Decided {
    user: User,
    epoch: i64,
    roles: RolesOutcome,
    /// Sessions that were ended, since the person had too many.
    surplus: u64,
}

async fn decide(
    app: &App,
    tx: &mut Tx<'_>,
    identity: &Identity,
    origin: &RequestInfo,
) -> Result<Written<Applied<Decided, SignInDenied>>, StoreError> {
    let now = app.clock.now();
    let mut recorded = None;
    let (mut user, replaced) = match binding::bind(app, tx, identity, now).await? {
        Applied::Done(bound) => bound,
        Applied::Rejected(why) => return Ok(Written::unchanged(Applied::Rejected(why))),
    };
    if let Some(entry) = replaced {
        recorded = Some(tx.record(&entry).await?);
    }
    let is_proven = identity.proves(&user.email);
    if app.config.sso.admin_emails.contains(&identity.email) && !user.admin && is_proven {
        store::users::set_admin(tx, user.id, true).await?;
        user.admin = true;
        let event = AuditEvent::AdminGranted { person: user.email.clone() };
        let entry = AuditEntry::done(now, &Principal::System("ADMIN_EMAILS"), event);
        recorded = Some(tx.record(&entry).await?);
    }
    let (roles, by_provider) = provider_roles::apply(tx, &user, identity, now).await?;
    recorded = by_provider.or(recorded);
    let mut surplus = 0;
    if !user.disabled {
        store::users::set_seen(tx, user.id, now).await?;
        let others = app.config.limits.sessions_per_user.saturating_sub(1);
        surplus = store::web_sessions::end_oldest_of(tx, user.id, others).await?;
        let actor = Principal::User(person(&user, is_proven)).coming_from(origin);
        recorded = Some(tx.record(&AuditEntry::done(now, &actor, AuditEvent::WebSignIn)).await?);
    }
    let epoch = store::users::session_epoch(tx, user.id).await?.ok_or(StoreError::Missing)?;
    Ok(Written::of(recorded, Applied::Done(Decided { user, epoch, roles, surplus })))
}

/// Refuses an address whose domain is not allowed. Also checked for each request that carries an identity, since the
/// settings may have changed since the session began.
pub fn admitted(app: &App, identity: &Identity, origin: &RequestInfo) -> Result<(), OpError> {
    if app.config.sso.admits(&identity.email) {
        return Ok(());
    }
    tracing::warn!(person = %identity.email, "refused an address whose domain is not in SSO_EMAIL_DOMAINS");
    not_let_in(app, identity, &identity.email, origin, SignInDenied::OtherDomain);
    Err(OpError::Denied(ErrorCode::DomainNotAdmitted { email: identity.email.to_string() }))
}

/// Records that a sign-in was denied. Only blocked people are known users and recorded as the actor; for the others the
/// entry has the address that came with the identity.
fn not_let_in(app: &App, identity: &Identity, person: &Email, origin: &RequestInfo, why: SignInDenied) {
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
    // One identity can bring any number of addresses.
    let source = format!("{} {}", identity.issuer, identity.subject);
    failed_attempts::note_from(app, &source, &format!("{person} {why:?}"), entry);
}

/// Records that a person signs out.
pub async fn sign_out(app: &App, actor: &Principal) -> Result<(), OpError> {
    let entry = AuditEntry::done(app.clock.now(), actor, AuditEvent::WebSignOut);
    Ok(queue::record(app, &entry).await.map(drop)?)
}

/// What rights need to know of a user; `verified` says whether the present identity proves the address. Without that
/// proof a person is no administrator, as they own no account: it may be another person's address by now.
pub fn person(user: &User, verified: bool) -> Person {
    Person {
        id: user.id,
        email: user.email.clone(),
        verified,
        admin: user.admin && verified,
        confirmed: None,
        origin: RequestInfo::default(),
    }
}

/// Deletes the sessions that have ended by themselves, and records how many refusals were left out of the audit log, now
/// and every few minutes, until the program ends.
pub async fn tidy_sessions(app: Arc<App>) {
    let sessions = WebSessions::new(app.db.clone(), app.clock.clone());
    let mut times = tokio::time::interval(TIDY_EVERY);
    loop {
        times.tick().await;
        failed_attempts::record_left_out(&app);
        match sessions.delete_expired().await {
            Ok(0) => {}
            Ok(ended) => tracing::info!(ended, "expired sessions deleted"),
            Err(error) => tracing::warn!(%error, "expired sessions could not be deleted; retrying"),
        }
    }
}
