//! Showing a stored two-step password. Together with a login code it is all that a login needs.
//!
//! It is decrypted, recorded and only then returned. Nothing is kept: every reveal needs its own reason. A value that
//! can't be decrypted is an error and never shown in its sealed form.

use crate::crypto::Purpose;
use crate::domain::access::Grant;
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::domain::error::ErrorCode;
use crate::domain::privilege::can;
use crate::domain::reveal::TwoStepPassword;
use crate::domain::{Millis, Secret};
use crate::ops::approvals::RevealMode;
use crate::ops::{App, OpError, approvals};
use crate::store::{self, Conn, StoreError, Written};

/// A stored password that may be shown, once.
#[derive(Debug)]
pub struct RevealedPassword {
    /// The password, as it was entered.
    pub password: Secret,
    /// When it was stored.
    pub stored: Millis,
    /// When Telegram rejected it, if it did.
    pub rejected: Option<Millis>,
}

/// Shows the account's stored two-step password.
pub async fn show_password(
    app: &App,
    grant: Grant<'_, can::ViewTwoFactorPassword>,
    reason: &str,
) -> Result<RevealedPassword, OpError> {
    let (actor, account) = (grant.actor(), grant.account());
    let (revealed, used) = app
        .write_with(async |tx| -> Result<Written<(RevealedPassword, bool)>, OpError> {
            let authorized =
                approvals::consume::<TwoStepPassword>(app, tx, actor, account, reason, RevealMode::Normal)
                    .await?;
            let revealed = open(app, tx, &grant).await?;
            let event = AuditEvent::TwoStepPasswordShown { approved_by: authorized.approved_by() };
            let entry = AuditEntry::done(app.clock.now(), actor, event).about(account);
            let recorded = tx.record(&entry.because(authorized.reason.as_str())).await?;
            Ok(recorded.with((revealed, authorized.approval.is_some())))
        })
        .await?;
    if used {
        approvals::view::changed(app).await;
    }
    Ok(revealed)
}

async fn open(
    app: &App,
    conn: &mut Conn<'_>,
    grant: &Grant<'_, can::ViewTwoFactorPassword>,
) -> Result<RevealedPassword, OpError> {
    let account = grant.account();
    let fact = store::secrets::two_step_password(conn, account).await?;
    let opened = store::secrets::get(conn, &app.keys, Purpose::TwoStepPassword, &account.to_string()).await;
    match (fact, opened) {
        (Some(fact), Ok(Some((_, password)))) => {
            Ok(RevealedPassword { password, stored: fact.stored_at, rejected: fact.rejected_at })
        }
        (_, Ok(_)) => Err(OpError::Refused(ErrorCode::PasswordNotStored)),
        (_, Err(StoreError::Corrupt(why))) => {
            tracing::error!(%account, why, "a stored password can't be opened");
            Err(OpError::Refused(ErrorCode::PasswordUnreadable))
        }
        (_, Err(error)) => Err(error.into()),
    }
}
