//! Managing access: roles and groups, their members, and the privileges that a role has in a group.
//!
//! A bulk form sends several edits. They are made in one transaction, but each is authorized separately: a refused edit
//! is reported and recorded, the others are made. A preview runs the same transaction and rolls it back, so it shows
//! what would really happen.

mod edit;
pub mod file;
pub mod import;
pub(crate) mod stripping;

use std::collections::{HashMap, HashSet};

use crate::domain::access::{
    Moved, Policy, PolicyVersion, Principal, PrivilegeDelta, SystemGrant, policy_diff,
};
use crate::domain::error::ErrorCode;
use crate::domain::privilege::can;
use crate::domain::{AccountId, Email, UserId};
use crate::live::events::Change;
use crate::ops::publisher::Publisher;
use crate::ops::{Applied, Context, OpError, current};
use crate::store::tx::Recorded;
use crate::store::{self, Conn, Tx, Written};
use crate::words;

pub(crate) use edit::group_name;
pub use edit::{Edit, MAX_NAME, UserRef};

/// The result of a batch of edits.
#[derive(Debug, Default)]
pub struct Report {
    /// How many edits were made, or would be.
    pub done: usize,
    /// The refused edits.
    pub failed: Vec<Failed>,
    /// What people gain and lose. Only a preview fills it in.
    pub policy_diff: Vec<(PrivilegeDelta, Vec<Email>)>,
    /// The version of the policy before the edits; saving a preview sends it back.
    pub version: PolicyVersion,
}

/// An edit that was refused.
#[derive(Debug)]
pub struct Failed {
    /// Its subject: a person, an account, a role or a group.
    pub what: String,
    /// The form's field, if known.
    pub field: Option<&'static str>,
    pub error: ErrorCode,
}

impl Failed {
    pub fn why(&self) -> String {
        words::sentence(&self.error)
    }
}

/// What these edits would do. Nothing is changed or recorded.
pub async fn preview(
    context: &Context,
    grant: SystemGrant<'_, can::ManageAccess>,
    edits: &[Edit],
) -> Result<Report, OpError> {
    context
        .db
        .dry_run(&context.keys, async |tx| -> Result<Report, OpError> {
            let made = make(context, tx, grant.actor(), edits, None).await?;
            let policy_diff = named_diff(context, tx, &made.before, &made.moved).await?;
            Ok(Report { policy_diff, ..made.report })
        })
        .await
}

/// Makes these edits and applies the new policy. `seen` is the policy version that a preview was made from: if the
/// policy has changed since, nothing is done.
pub async fn save(
    publisher: &impl Publisher,
    grant: SystemGrant<'_, can::ManageAccess>,
    edits: &[Edit],
    seen: Option<PolicyVersion>,
) -> Result<Report, OpError> {
    let context = publisher.context();
    let report = context
        .write_with(async |tx| -> Result<Written<Report>, OpError> {
            let made = make(context, tx, grant.actor(), edits, seen).await?;
            Ok(Written::of(made.recorded, made.report))
        })
        .await?;
    tracing::info!(actor = %grant.actor(), done = report.done, refused = report.failed.len(), "access was changed");
    publisher.publish(Change::Policy).await;
    Ok(report)
}

/// The result of edits inside their transaction.
struct Made {
    report: Report,
    recorded: Option<Recorded>,
    /// The policy before, and the accounts whose groups changed: what a preview compares.
    before: Policy,
    moved: Vec<Moved>,
}

/// Makes the edits in order, inside a transaction.
async fn make(
    context: &Context,
    tx: &mut Tx<'_>,
    actor: &Principal,
    edits: &[Edit],
    seen: Option<PolicyVersion>,
) -> Result<Made, OpError> {
    let before = context.policy(tx).await?;
    if seen.is_some_and(|seen| seen != before.version()) {
        return Err(OpError::Refused(ErrorCode::PolicyChanged));
    }
    let actor = &current::access_manager(tx, &before, actor).await?;
    let mut report = Report { version: before.version(), ..Report::default() };
    let mut moved: HashMap<AccountId, Moved> = HashMap::new();
    let mut recorded = None;
    let mut rules = None;
    let mut stale = false;
    for edit in edits {
        if stale && edit.gives_what_cells_say() {
            rules = Some(context.policy(tx).await?);
            stale = false;
        }
        let now = rules.as_ref().unwrap_or(&before);
        let edit_context = edit::EditContext { actor, rules: now, at: context.clock.now() };
        let made = edit_context.make(tx, edit, &mut moved).await?;
        recorded = made.recorded.or(recorded);
        match made.applied {
            Applied::Done(()) => report.done += 1,
            Applied::Rejected(failed) => report.failed.push(failed),
        }
        stale |= matches!(edit, Edit::Cell(..));
    }
    Ok(Made { report, recorded, before, moved: moved.into_values().collect() })
}

async fn named_diff(
    context: &Context,
    conn: &mut Conn<'_>,
    before: &Policy,
    moved: &[Moved],
) -> Result<Vec<(PrivilegeDelta, Vec<Email>)>, OpError> {
    let after = context.policy(conn).await?;
    let administrators = store::users::administrators(conn).await?;
    let administrators: HashSet<UserId> = administrators.into_iter().map(|(id, _)| id).collect();
    let policy_diff = policy_diff(before, &after, moved, &administrators);
    if policy_diff.is_empty() {
        return Ok(Vec::new());
    }
    let names = store::users::addresses(conn).await?;
    let named = |people: std::collections::BTreeSet<UserId>| {
        let mut named: Vec<Email> = people.iter().filter_map(|person| names.get(person).cloned()).collect();
        named.sort();
        named
    };
    Ok(policy_diff.into_iter().map(|(delta, people)| (delta, named(people))).collect())
}
