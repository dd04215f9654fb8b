//! What a person has and knows: their accounts, what their roles give them, which secrets they have seen, their invites,
//! requests and sessions. Accounts that the reader can't see are left out.

use std::collections::HashMap;
use std::sync::Arc;

use super::refusals;
use super::reviewed::{Leaver, Reach, Review, ReviewedAccount, ReviewedInvite, ReviewedRole};
use crate::domain::access::{Person, Policy, Principal, Source, SystemGrant, privileges, system_privileges};
use crate::domain::invite::{Invite, InviteKind};
use crate::domain::job::JobState;
use crate::domain::offboarding::KnownSecret;
use crate::domain::privilege::{AccountPrivilege, AccountPrivileges, can};
use crate::domain::reveal::RevealRequest;
use crate::domain::{AccountId, Email, RequestInfo, UserId};
use crate::live::accounts::Entry;
use crate::ops::users::UserChange;
use crate::ops::{App, OpError, current, invites, sign_in};
use crate::store::audit::SecretAccess;
use crate::store::users::{Listed, User};
use crate::store::{self, Conn, StoreError};

/// The most accounts of a review: a form and a task with more would be too large.
const MAX_ACCOUNTS: usize = 150;
/// How many invites are looked through, the newest first. Those that are open are not old.
const MAX_INVITES: u32 = 2000;
/// How old open requests can be, in seconds, and how many are looked through.
const RECENT: i64 = 60 * 60;
const MAX_REQUESTS: u32 = 1000;

/// What the person with this address has and knows, for an access manager. None if nothing is known of the address.
pub async fn review(
    app: &App,
    grant: &SystemGrant<'_, can::ManageAccess>,
    email: &Email,
) -> Result<Option<Review>, OpError> {
    let conn = &mut app.db.read().await?;
    let rules = app.policy(conn).await?;
    let reader = &current::access_manager(conn, &rules, grant.actor()).await?;
    let user = store::users::by_email(conn, email).await?;
    let listed = match &user {
        Some(user) => store::users::listed(conn, user.id, app.clock.now()).await?,
        None => None,
    };
    let person = as_person(email, user.as_ref());
    let found = accounts(app, conn, (reader, &rules), &person).await?;
    let (invites, has_hidden_invites) = open_invites(app, conn, (reader, &rules), &person).await?;
    let is_known = user.is_some() || !found.accounts.is_empty() || !invites.is_empty();
    if !is_known && !found.owns_hidden && !has_hidden_invites {
        return Ok(None);
    }
    let leaver = leaver(app, conn, (reader, &rules), (email, listed)).await?;
    let requests = requests(app, conn, (reader, &rules), person.id).await?;
    Ok(Some(Review {
        tasks: tasks(app, &person),
        reach: reach(app, &rules, reader, &person),
        system: system_privileges(&rules, &Principal::User(person)),
        leaver,
        accounts: found.accounts,
        more_accounts: found.more,
        owns_hidden: found.owns_hidden,
        invites,
        has_hidden_invites,
        requests,
    }))
}

/// The person as if signed in with a verified address: what they could do.
fn as_person(email: &Email, user: Option<&User>) -> Person {
    match user {
        Some(user) => sign_in::person(user, true),
        None => Person {
            id: UserId::generate(),
            email: email.clone(),
            verified: true,
            admin: false,
            confirmed: None,
            origin: RequestInfo::default(),
        },
    }
}

async fn leaver(
    app: &App,
    conn: &mut Conn<'_>,
    (reader, rules): (&Principal, &Policy),
    (email, listed): (&Email, Option<Listed>),
) -> Result<Leaver, OpError> {
    let mut refused = HashMap::new();
    let mut roles = Vec::new();
    if let Some(Listed { user, .. }) = &listed {
        for change in [UserChange::Disable, UserChange::EndSessions, UserChange::RevokeAdmin] {
            if let Some(why) = refusals::of_change(app, conn, reader, user, change).await? {
                refused.insert(change, why);
            }
        }
        for (id, name, by_page, by_provider) in store::roles::of_user(conn, user.id).await? {
            let refused = refusals::of_role(rules, reader, user, (id, by_page));
            roles.push(ReviewedRole { id, name, by_provider, refused });
        }
    }
    Ok(Leaver { email: email.clone(), listed, roles, refused })
}

/// What a person's roles give them, by role and group; as an administrator, everything.
fn reach(app: &App, rules: &Policy, reader: &Principal, person: &Person) -> Vec<Reach> {
    let listing = app.live.accounts.listing();
    let seen: Vec<&Arc<Entry>> = listing
        .iter()
        .filter(|entry| privileges(rules, reader, &entry.account).has(AccountPrivilege::View))
        .collect();
    let mut reach = Vec::new();
    if person.admin {
        let all = AccountPrivileges::ALL;
        reach.push(Reach { source: Source::Administrator, privileges: all, accounts: seen.len() });
    }
    for role in rules.roles_of(person.id) {
        let groups = rules.role(*role).map(|rights| rights.groups.iter()).into_iter().flatten();
        for (group, set) in groups {
            let accounts = seen.iter().filter(|entry| entry.account.groups.contains(group)).count();
            let source = Source::Role { role: *role, group: *group };
            reach.push(Reach { source, privileges: *set, accounts });
        }
    }
    reach.sort_by_key(|one| one.source);
    reach
}

struct FoundAccounts {
    accounts: Vec<ReviewedAccount>,
    more: usize,
    owns_hidden: bool,
}

async fn accounts(
    app: &App,
    conn: &mut Conn<'_>,
    (reader, rules): (&Principal, &Policy),
    person: &Person,
) -> Result<FoundAccounts, OpError> {
    let mut seen = seen(conn, &person.email).await?;
    let listing = app.live.accounts.listing();
    let mut found = FoundAccounts { accounts: Vec::new(), more: 0, owns_hidden: false };
    let mut entries: Vec<(bool, Arc<Entry>)> = Vec::new();
    for entry in listing.iter() {
        let is_owned = entry.account.owner.as_ref() == Some(&person.email);
        let sees = privileges(rules, reader, &entry.account).has(AccountPrivilege::View);
        found.owns_hidden |= is_owned && !sees;
        if sees && (is_owned || seen.contains_key(&entry.account.id)) {
            entries.push((is_owned, Arc::clone(entry)));
        }
    }
    let knows = |entry: &Entry| {
        let seen = seen.get(&entry.account.id).map(Vec::as_slice).unwrap_or_default();
        seen.iter().any(|seen| seen.kind.is_password() && seen.is_current)
    };
    entries.sort_by_key(|(is_owned, entry)| (!is_owned, !knows(entry)));
    found.more = entries.len().saturating_sub(MAX_ACCOUNTS);
    entries.truncate(MAX_ACCOUNTS);
    let leaver = Principal::User(person.clone());
    for (is_owned, entry) in entries {
        let id = entry.account.id;
        found.accounts.push(ReviewedAccount {
            is_owned,
            privileges: privileges(rules, &leaver, &entry.account),
            seen: seen.remove(&id).unwrap_or_default(),
            refused: refusals::of_account(conn, (reader, rules), &entry.account).await?,
            entry,
        });
    }
    Ok(found)
}

/// What a person has seen of each account's secrets.
async fn seen(
    conn: &mut Conn<'_>,
    person: &Email,
) -> Result<HashMap<AccountId, Vec<KnownSecret>>, StoreError> {
    let changes = store::audit::password_changes(conn).await?;
    let mut seen: HashMap<AccountId, Vec<KnownSecret>> = HashMap::new();
    for SecretAccess { account, kind, times, seq, at } in store::audit::secret_accesses(conn, person).await? {
        let is_current = !kind.is_password() || changes.get(&account).is_none_or(|change| seq >= *change);
        seen.entry(account).or_default().push(KnownSecret { kind, times, at, is_current });
    }
    Ok(seen)
}

/// The open invites that they created, and those for them, as far as the reader manages them, and whether there are others: with an invite that they have begun, their browser can do some
/// things with its account. What they have begun without an invite ends with their sessions.
async fn open_invites(
    app: &App,
    conn: &mut Conn<'_>,
    (reader, rules): (&Principal, &Policy),
    person: &Person,
) -> Result<(Vec<ReviewedInvite>, bool), StoreError> {
    let now = app.clock.now();
    let newest = store::invites::newest(conn, None, MAX_INVITES).await?;
    let theirs = newest.into_iter().filter(|invite| {
        invite.kind == InviteKind::Link
            && (invite.creator == person.id || invite.person == person.email)
            && invite.state_at(now).is_open()
    });
    let (shown, hidden): (Vec<Invite>, Vec<Invite>) =
        theirs.partition(|invite| invites::manages(rules, reader, invite));
    let shown = shown
        .into_iter()
        .map(|invite| ReviewedInvite { refused: refusals::of_invite(rules, reader, &invite), invite });
    Ok((shown.collect(), !hidden.is_empty()))
}

/// How many tasks run that they have started.
fn tasks(app: &App, person: &Person) -> usize {
    let (jobs, person) = (app.live.jobs.load(), Principal::User(person.clone()));
    jobs.jobs.iter().filter(|job| job.state == JobState::Waiting && job.is_started_by(&person)).count()
}

/// Their open requests to see a secret of an account that the reader can see.
async fn requests(
    app: &App,
    conn: &mut Conn<'_>,
    (reader, rules): (&Principal, &Policy),
    user: UserId,
) -> Result<Vec<RevealRequest>, StoreError> {
    let now = app.clock.now();
    let recent = store::reveal_requests::since(conn, now.plus_seconds(-RECENT), MAX_REQUESTS).await?;
    let sees = |id: AccountId| {
        let entry = app.live.accounts.get(id);
        entry.is_some_and(|it| privileges(rules, reader, &it.account).has(AccountPrivilege::View))
    };
    let own = recent.into_iter().filter(|request| request.requester == user && sees(request.account));
    Ok(own.filter(|request| request.state_at(now).is_open()).collect())
}
