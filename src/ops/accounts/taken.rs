//! Numbers that have an account already. Of an account that they may not see, people learn as little as possible: not
//! whose it is nor what state it is in, and not even that it exists where the answer can be the same without it. Where it
//! can't be, the attempts are few, and all are in the audit log.

use std::collections::HashSet;

use crate::domain::access::{Principal, privileges};
use crate::domain::audit::AuditEntry;
use crate::domain::error::ErrorCode;
use crate::domain::invite::Invite;
use crate::domain::privilege::AccountPrivilege;
use crate::domain::stage::Input;
use crate::domain::{Account, BotError, DesiredState, Identifier, Phone};
use crate::ops::audit::failed_attempts;
use crate::ops::{App, OpError};
use crate::words;

/// Of so many such numbers a person is told in an hour.
const PER_PERSON: usize = 5;
/// And so many the people that one person invited, together: few of them will enter one.
const PER_INVITER: usize = 15;

/// Why a number can't be used.
pub(in crate::ops) enum Taken {
    /// The actor can see the account that has it.
    Visible(OpError),
    Hidden(OpError),
}

/// Whether the actor may see the account.
pub(in crate::ops) fn sees(app: &App, actor: &Principal, account: &Account) -> bool {
    privileges(&app.live.policy.current(), actor, account).has(AccountPrivilege::View)
}

/// Whether an account that the actor can see has this number.
pub(in crate::ops) fn is_taken_by_visible(app: &App, actor: &Principal, phone: &Phone) -> bool {
    let listing = app.live.accounts.listing();
    listing
        .iter()
        .any(|entry| entry.account.identifier.phone() == Some(phone) && sees(app, actor, &entry.account))
}

/// The numbers of the accounts that the actor can see.
pub(in crate::ops) fn visible_numbers(app: &App, actor: &Principal) -> HashSet<Phone> {
    let listing = app.live.accounts.listing();
    let seen = listing.iter().filter(|entry| sees(app, actor, &entry.account));
    seen.filter_map(|entry| entry.account.identifier.phone().cloned()).collect()
}

/// Refuses a number that another account has. An attempt with the number of an account that the actor can't see is
/// recorded about that account, so that those who can see it know.
pub(in crate::ops) fn refusal(
    app: &App,
    actor: &Principal,
    wanted: &Identifier,
    attempt: AuditEntry,
) -> Taken {
    let listing = app.live.accounts.listing();
    let holder = listing.iter().find(|entry| entry.account.identifier == *wanted);
    let visible = holder.filter(|entry| sees(app, actor, &entry.account));
    if let Some(entry) = visible {
        return Taken::Visible(match entry.account.wanted {
            DesiredState::Removed => being_removed(wanted),
            DesiredState::Connected | DesiredState::Disconnected => taken(wanted),
        });
    }
    let attempt = AuditEntry { account: holder.map(|entry| entry.account.id), ..attempt };
    let refusal = taken(wanted);
    let attempt = attempt.because(words::sentence(&refusal.code()));
    failed_attempts::note(app, &attempt.actor.clone(), attempt);
    Taken::Hidden(refusal)
}

fn taken(wanted: &Identifier) -> OpError {
    match wanted {
        Identifier::Phone(_) => OpError::invalid("phone", ErrorCode::PhoneTaken),
        Identifier::Bot(_) => OpError::invalid(Input::BotToken.name(), BotError::Taken),
    }
}

fn being_removed(wanted: &Identifier) -> OpError {
    match wanted {
        Identifier::Phone(_) => OpError::invalid("phone", ErrorCode::PhoneBeingRemoved),
        Identifier::Bot(_) => OpError::invalid(Input::BotToken.name(), BotError::BeingRemoved),
    }
}

/// Counts a refusal that tells that an account exists which the actor can't see.
pub(in crate::ops) fn count(app: &App, actor: &Principal, refusal: OpError) -> OpError {
    app.guards.taken_numbers.count(&actor.to_string(), app.clock.now());
    refusal
}

/// Refuses those who were told of too many such numbers.
pub(in crate::ops) fn check_limit(app: &App, actor: &Principal) -> Result<(), OpError> {
    check(app, &actor.to_string(), PER_PERSON)
}

/// The same for the invites of one person together, who could use them all.
pub(in crate::ops) fn check_invites(app: &App, invite: &Invite) -> Result<(), OpError> {
    check(app, &inviter(invite), PER_INVITER)
}

/// Counts such a refusal of a person with an invite.
pub(in crate::ops) fn count_invites(app: &App, invite: &Invite) {
    app.guards.taken_numbers.count(&inviter(invite), app.clock.now());
}

fn inviter(invite: &Invite) -> String {
    format!("invites of {}", invite.created_by)
}

fn check(app: &App, key: &str, limit: usize) -> Result<(), OpError> {
    match app.guards.taken_numbers.has_reached(limit, key, app.clock.now()) {
        true => Err(OpError::invalid("phone", ErrorCode::TooManyTakenNumbers)),
        false => Ok(()),
    }
}
