//! Arranging who may do what: roles, groups, who and what is in them, and what a role may do with a group.
//!
//! Several edits are made at once, as a bulk form asks for them. Each is judged by itself in the one transaction that
//! makes them: what is refused is named and written down as refused, the rest is done. A preview is the same
//! transaction, taken back: so it tells what would really happen.

mod edit;
pub mod file;
pub mod import;

use std::collections::{HashMap, HashSet};

use crate::domain::access::{
    EscalationError, Moved, Person, Policy, Principal, PrivilegeDelta, SystemGrant, decide_system,
    policy_diff,
};
use crate::domain::audit::{AuditEntry, Outcome};
use crate::domain::privilege::{AccountPrivileges, can};
use crate::domain::{AccountId, Email, UserId};
use crate::live::events::Change;
use crate::ops::publisher::Publisher;
use crate::ops::{Context, OpError};
use crate::store::{self, Conn};

pub use edit::{Edit, MAX_NAME, UserRef};

/// What became of edits.
#[derive(Debug, Default)]
pub struct Report {
    /// How many are done, or would be.
    pub done: usize,
    /// What was refused: what it was about, and why.
    pub failed: Vec<Failed>,
    /// What people gain and lose; a preview tells it.
    pub policy_diff: Vec<(PrivilegeDelta, Vec<Email>)>,
    /// The state of the rules before, for whoever saves what a preview showed.
    pub version: i64,
}

/// An edit that was refused.
#[derive(Debug)]
pub struct Failed {
    /// What it was about: a person, an account, a role or a group.
    pub what: String,
    /// The form's field, where that is known.
    pub field: Option<&'static str>,
    /// Why, in a sentence.
    pub why: String,
}

/// Why a whole batch was not made.
enum Stop<T> {
    /// A preview is taken back.
    Preview(T),
    Failed(OpError),
}

impl<T, E: Into<OpError>> From<E> for Stop<T> {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// Tells what these edits would do. Nothing is changed, and nothing written down.
pub async fn preview(
    context: &Context,
    grant: SystemGrant<'_, can::ManageAccess>,
    edits: &[Edit],
) -> Result<Report, OpError> {
    let shown = context
        .db
        .change(async |conn| -> Result<Report, Stop<Report>> {
            let (mut report, change) = make(context, conn, grant.actor(), edits, None).await?;
            report.policy_diff = named_effects(conn, context.config.owner_privileges, &change).await?;
            Err(Stop::Preview(report))
        })
        .await;
    match shown {
        Ok(report) | Err(Stop::Preview(report)) => Ok(report),
        Err(Stop::Failed(error)) => Err(error),
    }
}

/// Makes these edits, and puts them in force. `seen` is the state of the rules that a preview was made of: if it is
/// another by now, nothing is done.
pub async fn save(
    publisher: &impl Publisher,
    grant: SystemGrant<'_, can::ManageAccess>,
    edits: &[Edit],
    seen: Option<i64>,
) -> Result<Report, OpError> {
    let context = publisher.context();
    let report = context
        .db
        .change(async |conn| -> Result<Report, OpError> {
            Ok(make(context, conn, grant.actor(), edits, seen).await?.0)
        })
        .await?;
    tracing::info!(actor = %grant.actor(), done = report.done, refused = report.failed.len(), "access was changed");
    publisher.publish(Change::Policy).await;
    Ok(report)
}

/// The edits, one after the other, inside of a change.
async fn make(
    context: &Context,
    conn: &mut Conn<'_>,
    actor: &Principal,
    edits: &[Edit],
    seen: Option<i64>,
) -> Result<(Report, Changed), OpError> {
    let owner = context.config.owner_privileges;
    let before = Policy::new(&store::rules::load(conn).await?, owner);
    if seen.is_some_and(|seen| seen != before.version()) {
        return Err(OpError::Refused(
            "Rules were changed meanwhile. Look at what this would do now, then save again.".into(),
        ));
    }
    let actor = &present(conn, &before, actor).await?;
    let mut report = Report { version: before.version(), ..Report::default() };
    let mut moved: HashMap<AccountId, Moved> = HashMap::new();
    let mut rules = None;
    let mut stale = false;
    for edit in edits {
        if stale && edit.gives_what_cells_say() {
            rules = Some(Policy::new(&store::rules::load(conn).await?, owner));
            stale = false;
        }
        let now = rules.as_ref().unwrap_or(&before);
        let desk = edit::EditContext { actor, rules: now, at: context.clock.now(), keys: &context.keys };
        match desk.make(conn, edit, &mut moved).await? {
            Ok(()) => report.done += 1,
            Err(refused) => report.failed.push(refused),
        }
        stale |= matches!(edit, Edit::Cell(..));
    }
    Ok((report, Changed { before, moved: moved.into_values().collect() }))
}

/// What was changed, for whoever wants to know what it gives and takes.
struct Changed {
    before: Policy,
    moved: Vec<Moved>,
}

/// Who acts, as the database has him at this moment, if he still may arrange access.
pub(super) async fn present(
    conn: &mut Conn<'_>,
    rules: &Policy,
    actor: &Principal,
) -> Result<Principal, OpError> {
    let actor = match actor {
        Principal::User(person) => {
            let user = store::users::by_id(conn, person.id).await?.filter(|user| !user.disabled);
            let user = user.ok_or_else(|| OpError::Refused("You may not sign in any more.".into()))?;
            Principal::User(Person { admin: user.admin, ..person.clone() })
        }
        other => other.clone(),
    };
    decide_system::<can::ManageAccess>(rules, &actor)?;
    Ok(actor)
}

async fn named_effects(
    conn: &mut Conn<'_>,
    owner: AccountPrivileges,
    Changed { before, moved }: &Changed,
) -> Result<Vec<(PrivilegeDelta, Vec<Email>)>, OpError> {
    let after = Policy::new(&store::rules::load(conn).await?, owner);
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
    Ok(policy_diff.into_iter().map(|(effect, people)| (effect, named(people))).collect())
}

/// The entry of something refused.
fn refused(entry: &AuditEntry, why: &EscalationError) -> AuditEntry {
    AuditEntry { outcome: Outcome::Failed, ..entry.clone() }.because(why.to_string())
}
