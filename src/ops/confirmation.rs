//! Confirming that the person in front of a web session is still the one who signed in, where a group requires it before
//! secrets of its accounts are shown. It protects against an unattended browser and a stolen session.
//!
//! A confirmation belongs to one web session: it comes with the [`Principal`] of each request, and is worth nothing in
//! another session of the same person. Whether it is needed is checked in the transaction that records a reveal.

use crate::config::{ClaimSource, SsoMode, SsoSettings};
use crate::domain::access::{Person, Principal};
use crate::domain::audit::{AuditEntry, AuditEvent, ConfirmationDenied};
use crate::domain::error::ErrorCode;
use crate::domain::{AccountId, Confirmation, Email, Millis};
use crate::ops::approvals::authorize::person;
use crate::ops::audit::failed_attempts;
use crate::ops::{App, OpError};
use crate::store::{self, Conn, StoreError, Written};

/// Proof that a confirmation is not needed, or there is one. Only [`check`] makes it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Confirmed {
    /// When the confirmation that is needed ends.
    until: Option<Millis>,
}

impl Confirmed {
    pub const fn until(self) -> Option<Millis> {
        self.until
    }
}

/// Whether people can confirm their identity in the way they sign in. A load balancer's assertions don't say when a
/// person signed in, and without sign-on there is nothing to confirm.
pub fn is_possible(sso: &SsoSettings) -> bool {
    match sso.mode {
        SsoMode::Oidc | SsoMode::Mock => true,
        SsoMode::Disable => false,
        SsoMode::Cloudflare | SsoMode::Jwt => {
            sso.assertion.as_ref().is_some_and(|format| match format.source {
                ClaimSource::Claims => true,
                ClaimSource::Header => false,
            })
        }
    }
}

/// Checks that `actor` may see secrets of this account as far as their confirmation is concerned.
pub(crate) async fn check(
    app: &App,
    conn: &mut Conn<'_>,
    actor: &Principal,
    account: AccountId,
) -> Result<Confirmed, OpError> {
    if !store::groups::any_needs_confirmation(conn, account).await? {
        return Ok(Confirmed { until: None });
    }
    let confirmation = valid(app, person(actor)?);
    let confirmation = confirmation.ok_or(OpError::Refused(ErrorCode::IdentityNotConfirmed))?;
    Ok(Confirmed { until: Some(confirmation.until()) })
}

fn valid(app: &App, person: &Person) -> Option<Confirmation> {
    person.confirmed.filter(|confirmation| confirmation.is_valid(app.clock.now()))
}

/// Whether any group of the account requires it.
pub async fn is_required(app: &App, account: AccountId) -> Result<bool, StoreError> {
    store::groups::any_needs_confirmation(&mut app.db.read().await?, account).await
}

/// Whether this person has a confirmation that is still valid.
pub fn has_one(app: &App, actor: &Principal) -> bool {
    person(actor).is_ok_and(|person| valid(app, person).is_some())
}

/// Records that the identity provider has just authenticated the person of a web session again, at that time. The
/// subject has to be theirs: signing in there as another person changes nothing.
pub async fn by_provider(
    app: &App,
    actor: &Principal,
    (issuer, subject): (&str, &str),
    at: Millis,
) -> Result<Confirmation, OpError> {
    let person = person(actor)?;
    let entry = AuditEntry::done(app.clock.now(), actor, AuditEvent::IdentityConfirmed);
    let is_theirs = app
        .write_with(async |tx| -> Result<Written<bool>, OpError> {
            if store::identities::find(tx, issuer, subject).await? != Some(person.id) {
                return Ok(Written::unchanged(false));
            }
            Ok(tx.record(&entry).await?.with(true))
        })
        .await?;
    if is_theirs { Ok(Confirmation::at(at)) } else { Err(by_another(app, actor, person)) }
}

/// The same in the mode in which people claim their address.
pub async fn by_claim(app: &App, actor: &Principal, claimed: &Email) -> Result<Confirmation, OpError> {
    let person = person(actor)?;
    if *claimed != person.email {
        return Err(by_another(app, actor, person));
    }
    let now = app.clock.now();
    let entry = AuditEntry::done(now, actor, AuditEvent::IdentityConfirmed);
    app.write(&entry, async |_| Ok::<_, OpError>(())).await?;
    Ok(Confirmation::at(now))
}

fn by_another(app: &App, actor: &Principal, person: &Person) -> OpError {
    refused(app, actor, ConfirmationDenied::OtherPerson);
    OpError::Refused(ErrorCode::ConfirmedByAnother { person: person.email.to_string() })
}

/// Records that the provider's answer did not confirm the person's identity.
pub fn refused(app: &App, actor: &Principal, why: ConfirmationDenied) {
    tracing::warn!(person = %actor, ?why, "the identity of a person was not confirmed");
    let entry = AuditEntry::done(app.clock.now(), actor, AuditEvent::ConfirmationRefused { why });
    let actor = actor.to_string();
    failed_attempts::note_from(app, &actor, &format!("{actor} {why:?}"), entry);
}
