//! Adding accounts.

use std::collections::HashSet;

use super::taken::{self, Taken};
use super::{check_comment, connect};
use crate::domain::access::SystemGrant;
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::domain::error::ErrorCode;
use crate::domain::privilege::can;
use crate::domain::{Account, AccountId, DesiredState, Email, Identifier, Phone};
use crate::ops::{App, OpError};
use crate::store;

#[derive(Debug, Clone)]
pub struct NewAccount {
    pub identifier: Identifier,
    pub owner: Option<Email>,
    pub comment: String,
}

/// Adds an account and starts its client. No login code is requested yet. Returns its id if the actor may see it; if they
/// may not, they get the same answer whether the number is new or belongs to an account that they can't see either.
pub async fn add(
    app: &App,
    grant: SystemGrant<'_, can::AddAccount>,
    new: NewAccount,
) -> Result<Option<AccountId>, OpError> {
    check_comment(&new.comment)?;
    taken::check_limit(app, grant.actor())?;
    let account = Account {
        id: AccountId::generate(),
        identifier: new.identifier,
        owner: new.owner,
        comment: new.comment,
        groups: Vec::new(),
        wanted: DesiredState::Connected,
        folder: random_name()?,
        created: app.clock.now(),
    };
    let event = AuditEvent::AccountAdded { phone: account.identifier.clone(), owner: account.owner.clone() };
    let entry = AuditEntry::done(account.created, grant.actor(), event).about(account.id);
    let inserted = app.write(&entry, async |tx| store::accounts::insert(tx, &account).await).await;
    let is_visible = taken::sees(app, grant.actor(), &account);
    match inserted {
        Err(error) if store::unique(&error).is_some() => {
            return match taken::refusal(app, grant.actor(), &account.identifier, entry) {
                Taken::Hidden(_) if !is_visible => Ok(None),
                Taken::Hidden(refusal) => Err(taken::count(app, grant.actor(), refusal)),
                Taken::Visible(refusal) => Err(refusal),
            };
        }
        inserted => inserted?,
    }
    tracing::info!(account = %account.id, actor = %grant.actor(), "account added");
    app.live.accounts.put_account(account.clone());
    connect::start(app, &account)?;
    Ok(is_visible.then_some(account.id))
}

/// Adds an account with a random number from Telegram's test environment.
pub async fn add_test(
    app: &App,
    grant: SystemGrant<'_, can::AddAccount>,
) -> Result<Option<AccountId>, OpError> {
    if !app.config.telegram.environment.is_test() {
        return Err(OpError::Refused(ErrorCode::TestEnvironmentOnly));
    }
    let [high, low, ..] = random_bytes()?;
    let listing = app.live.accounts.listing();
    let taken: HashSet<&Phone> =
        listing.entries.iter().filter_map(|entry| entry.account.identifier.phone()).collect();
    let phone = free_test_number(u16::from_be_bytes([high, low]), |phone| taken.contains(phone))
        .ok_or_else(|| OpError::Refused(ErrorCode::NoTestNumberFree))?;
    add(app, grant, NewAccount { identifier: phone.into(), owner: None, comment: "Test account".into() })
        .await
}

/// The first free number of the test environment at or after `from`.
fn free_test_number(from: u16, taken: impl Fn(&Phone) -> bool) -> Option<Phone> {
    let mut numbers = (0..30_000).map(|step| (u32::from(from) + step) % 30_000);
    numbers.find_map(|number| {
        let dc = u8::try_from(1 + number / 10_000).ok()?;
        let phone = Phone::test(dc, u16::try_from(number % 10_000).ok()?);
        (!taken(&phone)).then_some(phone)
    })
}

fn random_bytes() -> Result<[u8; 16], OpError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| {
        OpError::Internal(anyhow::anyhow!("the operating system provided no random bytes: {error}"))
    })?;
    Ok(bytes)
}

/// A random folder name: it reveals nothing about the account and is never reused.
pub(in crate::ops) fn random_name() -> Result<String, OpError> {
    Ok(hex::encode(random_bytes()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_number_is_free() {
        let free = |from, taken: &[&str]| {
            free_test_number(from, |phone| taken.contains(&phone.digits()))
                .map(|phone| phone.digits().to_owned())
        };
        assert_eq!(free(0, &[]).as_deref(), Some("9996610000"));
        assert_eq!(free(10_041, &["9996620041", "9996620042"]).as_deref(), Some("9996620043"));
        assert_eq!(free(29_999, &["9996639999"]).as_deref(), Some("9996610000"));
        assert_eq!(free_test_number(u16::MAX, |_| true), None);
    }
}
