//! Adding accounts, connecting and disconnecting them.

pub mod folder;
pub mod remove;
use std::collections::HashSet;
use std::time::Duration;

use crate::domain::access::{Grant, Policy, PolicyChange, Principal, SystemGrant, authorize_change};
use crate::domain::audit::{AccessEvent, AuditEntry, AuditEvent};
use crate::domain::privilege::can;
use crate::domain::{Account, AccountId, DesiredState, Email, GroupId, Phone};
use crate::ops::audit::failed_attempts;
use crate::ops::{App, OpError, access, policy};
use crate::store::{self, groups::Group};
use crate::telegram::ClientStart;

/// Characters that a comment may have.
pub const MAX_COMMENT: usize = 2000;

/// Characters that a group's name may have.
pub const MAX_GROUP: usize = 60;

/// What is known of an account when it is added.
#[derive(Debug, Clone)]
pub struct NewAccount {
    /// Its number.
    pub phone: Phone,
    /// Its owner.
    pub owner: Option<Email>,
    /// A free text.
    pub comment: String,
}

/// Adds an account and starts its client. Nothing is asked of Telegram in its name yet.
pub async fn add(
    app: &App,
    grant: SystemGrant<'_, can::AddAccount>,
    new: NewAccount,
) -> Result<AccountId, OpError> {
    check_comment(&new.comment)?;
    let account = Account {
        id: AccountId::generate(),
        phone: new.phone,
        owner: new.owner,
        comment: new.comment,
        groups: Vec::new(),
        wanted: DesiredState::Connected,
        folder: random_name()?,
        created: app.clock.now(),
    };
    let event = AuditEvent::AccountAdded { phone: account.phone.clone(), owner: account.owner.clone() };
    let entry = AuditEntry::done(account.created, grant.actor(), event).about(account.id);
    let keys = &app.keys;
    let inserted = app
        .db
        .change(async |conn| -> Result<(), store::StoreError> {
            store::accounts::insert(conn, &account).await?;
            store::audit::append(conn, keys, &entry).await?;
            Ok(())
        })
        .await;
    inserted.map_err(|error| match store::unique(&error) {
        Some(_) if is_leaving(app, &account.phone) => OpError::invalid(
            "phone",
            "The account with this number is being removed. Add it again when that is done; see Jobs.",
        ),
        Some(_) => OpError::invalid("phone", "An account with this number is here already."),
        None => error.into(),
    })?;
    tracing::info!(account = %account.id, actor = %grant.actor(), "account added");
    let id = account.id;
    app.live.accounts.put_account(account.clone());
    start(app, &account)?;
    Ok(id)
}

fn is_leaving(app: &App, phone: &Phone) -> bool {
    let listing = app.live.accounts.listing();
    listing
        .entries
        .iter()
        .any(|entry| entry.account.phone == *phone && entry.account.wanted == DesiredState::Removed)
}

/// Adds an account with a random number of Telegram's test environment.
pub async fn add_test(app: &App, grant: SystemGrant<'_, can::AddAccount>) -> Result<AccountId, OpError> {
    if !app.config.telegram_environment.is_test() {
        return Err(OpError::Refused("Test accounts exist in Telegram's test environment only.".into()));
    }
    let [high, low, ..] = random_bytes()?;
    let listing = app.live.accounts.listing();
    let taken: HashSet<&Phone> = listing.entries.iter().map(|entry| &entry.account.phone).collect();
    let phone = free_test_number(u16::from_be_bytes([high, low]), |phone| taken.contains(phone))
        .ok_or_else(|| OpError::Refused("Every test number has an account here.".into()))?;
    add(app, grant, NewAccount { phone, owner: None, comment: "Test account".into() }).await
}

/// The first number of the test environment, counted from this one, that is not taken.
fn free_test_number(from: u16, taken: impl Fn(&Phone) -> bool) -> Option<Phone> {
    let mut numbers = (0..30_000).map(|step| (u32::from(from) + step) % 30_000);
    numbers.find_map(|number| {
        let dc = u8::try_from(1 + number / 10_000).ok()?;
        let phone = Phone::test(dc, u16::try_from(number % 10_000).ok()?);
        (!taken(&phone)).then_some(phone)
    })
}

/// What people say of an account, as a whole.
#[derive(Debug, Clone)]
pub struct Details {
    /// Its owner, who has rights on it.
    pub owner: Option<Email>,
    /// A free text.
    pub comment: String,
    /// The names of its groups; a name that is new makes a group.
    pub groups: Vec<String>,
}

/// Changes what is said of an account. The owner and the groups decide who may use it, so this takes the
/// right to arrange access, beside seeing the account.
pub async fn edit(
    app: &App,
    grant: Grant<'_, can::View>,
    _arranging: SystemGrant<'_, can::ManageAccess>,
    details: Details,
) -> Result<(), OpError> {
    check_comment(&details.comment)?;
    for name in &details.groups {
        check_group(name)?;
    }
    let id = grant.account();
    let event = AuditEvent::DetailsEdited { owner: details.owner.clone() };
    let entry = AuditEntry::done(app.clock.now(), grant.actor(), event).about(id);
    let keys = &app.keys;
    let edited = app
        .db
        .change(async |conn| -> Result<(), OpError> {
            let known = store::groups::all(conn).await?;
            let mut groups = Vec::new();
            for name in &details.groups {
                let group = group(conn, known.iter().chain(&groups), name).await?;
                groups.push(group);
            }
            let ids: Vec<GroupId> = groups.iter().map(|group| group.id).collect();
            let before = judge(app, conn, grant.actor(), id, (details.owner.as_ref(), &ids)).await?;
            store::accounts::set_details(conn, id, details.owner.as_ref(), &details.comment, &ids).await?;
            store::audit::append(conn, keys, &entry).await?;
            for event in moves(&known, &before, &groups) {
                let event = AuditEvent::Access(event);
                store::audit::append(conn, keys, &AuditEntry { event, ..entry.clone() }).await?;
            }
            Ok(())
        })
        .await;
    if let Err(OpError::Invalid { message, .. }) = &edited {
        failed_attempts::note(app, &entry.actor, entry.clone().because(message.clone()));
    }
    edited?;
    tracing::info!(account = %id, actor = %grant.actor(), "account edited");
    policy::in_force(app).await;
    Ok(())
}

/// What is written down of an account's way from its groups into others, and of those that are made for it.
fn moves(known: &[Group], before: &[GroupId], now: &[Group]) -> Vec<AccessEvent> {
    let mut events = Vec::new();
    for group in now {
        let name = || group.name.clone();
        if !known.contains(group) {
            events.push(AccessEvent::GroupAdded { group: name() });
        }
        if !before.contains(&group.id) {
            events.push(AccessEvent::AccountJoined { group: name() });
        }
    }
    let left = known.iter().filter(|group| before.contains(&group.id) && !now.contains(group));
    events.extend(left.map(|group| AccessEvent::AccountLeft { group: group.name.clone() }));
    events
}

/// Refuses what would give anybody rights on the account that the actor has not got himself. Says in which groups it
/// is.
async fn judge(
    app: &App,
    conn: &mut store::Conn<'_>,
    actor: &Principal,
    id: AccountId,
    (owner, groups): (Option<&Email>, &[GroupId]),
) -> Result<Vec<GroupId>, OpError> {
    let rules = Policy::new(&store::rules::load(conn).await?, app.config.owner_privileges);
    let actor = &access::present(conn, &rules, actor).await?;
    let account = store::accounts::get(conn, id).await?.ok_or(OpError::NotFound)?;
    if let Some(owner) = owner.filter(|owner| account.owner.as_ref() != Some(owner)) {
        authorize_change(&rules, actor, PolicyChange::Owner(&account, owner))
            .map_err(|why| OpError::invalid("owner", why))?;
    }
    let protected = store::groups::needing_approval(conn).await?;
    if account.groups.iter().any(|group| !groups.contains(group) && protected.contains(group)) {
        let left = authorize_change(&rules, actor, PolicyChange::NoApproval);
        left.map_err(|why| OpError::invalid("groups", why))?;
    }
    for group in groups.iter().filter(|group| !account.groups.contains(group)) {
        let joined = authorize_change(&rules, actor, PolicyChange::Join(&account, *group));
        joined.map_err(|why| OpError::invalid("groups", why))?;
    }
    Ok(account.groups)
}

/// The group of that name, made if there is none.
async fn group(
    conn: &mut store::Conn<'_>,
    mut known: impl Iterator<Item = &Group>,
    name: &str,
) -> Result<Group, store::StoreError> {
    let folded = name.to_lowercase();
    if let Some(group) = known.find(|group| group.name.to_lowercase() == folded) {
        return Ok(group.clone());
    }
    let id = GroupId::generate();
    store::groups::insert(conn, id, name).await?;
    Ok(Group { id, name: name.to_owned() })
}

/// Wants the account's client to run, now and after every restart.
pub async fn connect(app: &App, grant: Grant<'_, can::ManageConnectionState>) -> Result<(), OpError> {
    let account = set_desired_state(app, &grant, DesiredState::Connected).await?;
    start(app, &account)
}

/// Wants the account's client to stop. Its session at Telegram stays.
pub async fn disconnect(app: &App, grant: Grant<'_, can::ManageConnectionState>) -> Result<(), OpError> {
    let account = set_desired_state(app, &grant, DesiredState::Disconnected).await?;
    app.hub.disconnect(account.id).await;
    Ok(())
}

/// Starts the client of an account that is wanted; used at the program's start too.
pub fn start(app: &App, account: &Account) -> Result<(), OpError> {
    let opened = folder::open(&app.config.accounts_dir, &app.keys, app.config.telegram_environment, account);
    let (folder, key) = opened.map_err(OpError::Internal)?;
    app.hub.connect(ClientStart {
        account: account.id,
        phone: account.phone.clone(),
        folder,
        key,
        known: app.live.last_known.get(account.id),
        probe: probe_period(app.config.session_probe_seconds, account.id),
    });
    Ok(())
}

/// The period of an account's probes: four to six fifths of what is set, so that they don't all come at once.
fn probe_period(seconds: u64, account: AccountId) -> Option<Duration> {
    let jitter = account.spread() % 401;
    (seconds > 0).then(|| Duration::from_millis(seconds * (800 + jitter)))
}

async fn set_desired_state(
    app: &App,
    grant: &Grant<'_, can::ManageConnectionState>,
    wanted: DesiredState,
) -> Result<Account, OpError> {
    let id = grant.account();
    let entry =
        AuditEntry::done(app.clock.now(), grant.actor(), AuditEvent::WantedChanged { wanted }).about(id);
    let keys = &app.keys;
    let account = app
        .db
        .change(async |conn| -> Result<Option<Account>, store::StoreError> {
            store::accounts::set_wanted(conn, id, wanted).await?;
            let account = store::accounts::get(conn, id).await?;
            store::audit::append(conn, keys, &entry).await?;
            Ok(account)
        })
        .await?
        .ok_or(OpError::NotFound)?;
    tracing::info!(account = %id, actor = %grant.actor(), %wanted, "account wanted");
    app.live.accounts.put_account(account.clone());
    Ok(account)
}

fn check_comment(comment: &str) -> Result<(), OpError> {
    if comment.chars().count() > MAX_COMMENT {
        return Err(OpError::invalid("comment", format!("A comment has {MAX_COMMENT} characters at most.")));
    }
    if comment.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return Err(OpError::invalid("comment", "A comment can't have control characters."));
    }
    Ok(())
}

fn check_group(name: &str) -> Result<(), OpError> {
    if name.trim().is_empty() || name.chars().count() > MAX_GROUP || name.chars().any(char::is_control) {
        let message = format!("A group's name has 1 to {MAX_GROUP} characters, without control characters.");
        return Err(OpError::invalid("groups", message));
    }
    Ok(())
}

fn random_bytes() -> Result<[u8; 16], OpError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)
        .map_err(|error| OpError::Internal(anyhow::anyhow!("no randomness: {error}")))?;
    Ok(bytes)
}

/// A folder's name: says nothing of the account and is never used twice.
fn random_name() -> Result<String, OpError> {
    Ok(hex::encode(random_bytes()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_number_is_one_that_nobody_has() {
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
