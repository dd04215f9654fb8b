//! The rows of a review.

use std::collections::BTreeSet;

use crate::domain::AccountId;
use crate::domain::access::Source;
use crate::domain::error::ErrorCode;
use crate::domain::job_line::{Action, LineSubject};
use crate::domain::offboarding::{KnownSecret, PersonAction, Phase};
use crate::ops::lines::{Checked, Precheck};
use crate::ops::offboarding::{Plan, Reach, Review, ReviewedAccount, ReviewedInvite};
use crate::ops::users::UserChange;
use crate::store::users::Listed;
use crate::store::{self, Conn, StoreError};
use crate::web::pages::offboarding::form::PlanForm;
use crate::web::state::State;
use crate::web::words::jobs::action_with_details;
use crate::web::words::moments::{Moment, moment};
use crate::web::words::offboarding as words;
use crate::web::words::privileges::account_labels;
use crate::web::words::stages;
use crate::words::sentence;

/// A box to tick, or why it can't be ticked.
pub struct Tick {
    pub name: &'static str,
    pub value: String,
    pub label: String,
    pub hint: String,
    pub is_on: bool,
    pub refused: Option<String>,
}

impl Tick {
    fn new(name: &'static str, value: impl ToString, label: impl Into<String>) -> Self {
        let (value, label) = (value.to_string(), label.into());
        Self { name, value, label, hint: String::new(), is_on: false, refused: None }
    }

    fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: hint.into(), ..self }
    }

    fn state(self, is_on: bool, refused: Option<&ErrorCode>) -> Self {
        Self { is_on, refused: refused.map(sentence), ..self }
    }

    /// Unique on the page.
    pub fn id(&self) -> String {
        format!("{}-{}", self.name, self.value)
    }
}

/// What can be done about the person.
pub fn access(review: &Review, form: &PlanForm) -> Vec<Tick> {
    let (leaver, chosen) = (&review.leaver, &form.choices);
    let mut ticks = leaver.listed.as_ref().map(|listed| user(review, listed, form)).unwrap_or_default();
    for ReviewedInvite { invite, refused } in &review.invites {
        let action = PersonAction::RevokeInvite { invite: invite.id, invited: invite.person.clone() };
        let hint = invite.phone.as_ref().map(ToString::to_string).unwrap_or_default();
        let tick = Tick::new("invite", invite.id, words::person(&action)).hint(hint);
        ticks.push(tick.state(chosen.invites.contains(&invite.id), refused.as_ref()));
    }
    ticks
}

/// The same for a person who is a user.
fn user(review: &Review, listed: &Listed, form: &PlanForm) -> Vec<Tick> {
    let (leaver, chosen) = (&review.leaver, &form.choices);
    let why = |change| leaver.refused.get(&change);
    let mut ticks = Vec::new();
    if !listed.user.disabled {
        let tick = Tick::new("disable", "yes", words::person(&PersonAction::Block)).hint(words::BLOCK_HINT);
        ticks.push(tick.state(chosen.disable, why(UserChange::Disable)));
    }
    let tick = Tick::new("sessions", "yes", words::person(&PersonAction::SignOut));
    let tick = tick.hint(words::sessions(listed.sessions));
    ticks.push(tick.state(chosen.end_sessions, why(UserChange::EndSessions)));
    if listed.user.admin {
        let tick = Tick::new("admin", "yes", words::person(&PersonAction::RevokeAdmin));
        ticks.push(tick.state(chosen.revoke_admin, why(UserChange::RevokeAdmin)));
    }
    for role in &leaver.roles {
        let action = PersonAction::TakeRole { role: role.id, role_name: role.name.clone() };
        let hint = if role.by_provider { words::BY_PROVIDER } else { "" };
        let tick = Tick::new("role", role.id, words::person(&action)).hint(hint);
        ticks.push(tick.state(chosen.roles.contains(&role.id), role.refused.as_ref()));
    }
    ticks
}

/// An account of the review.
pub struct AccountRow {
    pub id: AccountId,
    pub label: String,
    pub name: Option<String>,
    pub status: &'static str,
    pub severity: &'static str,
    pub is_owned: bool,
    pub knows_password: bool,
    pub may_have_device: bool,
    /// What the person may do with it.
    pub privileges: Vec<&'static str>,
    pub seen: Vec<SeenRow>,
    pub ticks: Vec<Tick>,
}

pub struct SeenRow {
    pub what: &'static str,
    pub times: u64,
    pub at: Moment,
}

impl From<&KnownSecret> for SeenRow {
    fn from(seen: &KnownSecret) -> Self {
        Self { what: words::secret(seen.kind), times: seen.times, at: moment(seen.at) }
    }
}

pub fn accounts(review: &Review, form: &PlanForm) -> Vec<AccountRow> {
    review.accounts.iter().map(|it| account(it, form)).collect()
}

fn account(it: &ReviewedAccount, form: &PlanForm) -> AccountRow {
    let (id, snapshot, chosen) = (it.entry.account.id, &it.entry.snapshot, &form.choices);
    let tick = |name, label: &str, set: &BTreeSet<AccountId>, refused: &Option<ErrorCode>| {
        Tick::new(name, id, label).state(set.contains(&id), refused.as_ref())
    };
    let mut ticks = vec![
        tick("devices", &action_with_details(&Action::EndOtherDevices), &chosen.devices, &it.refused.devices),
        tick(
            "password",
            &action_with_details(&Action::NewTwoStepPassword),
            &chosen.passwords,
            &it.refused.password,
        ),
    ];
    if it.is_owned {
        ticks.push(tick("hand-over", words::HAND_OVER, &chosen.handed_over, &it.refused.owner));
    }
    AccountRow {
        id,
        label: it.entry.account.identifier.grouped(),
        name: snapshot.profile.as_ref().map(|profile| profile.name.clone()),
        status: stages::label_of(snapshot.status()).unwrap_or_default(),
        severity: snapshot.severity().name(),
        is_owned: it.is_owned,
        knows_password: it.knows_password(),
        may_have_device: it.may_have_device() && !it.is_owned,
        privileges: account_labels(it.privileges),
        seen: it.seen.iter().map(SeenRow::from).collect(),
        ticks,
    }
}

/// What their roles give them in one place.
pub struct ReachRow {
    pub source: String,
    pub privileges: Vec<&'static str>,
    pub accounts: usize,
}

pub async fn reach(app: &State, conn: &mut Conn<'_>, reach: &[Reach]) -> Result<Vec<ReachRow>, StoreError> {
    let roles = store::roles::all(conn).await?;
    let groups = app.live.accounts.groups();
    let row = |one: &Reach| {
        let (role, group) = match &one.source {
            Source::Role { role, group } => (Some(role), groups.get(group).map(AsRef::as_ref)),
            Source::System { role } => (Some(role), None),
            Source::Administrator | Source::Owner => (None, None),
        };
        let role = role.and_then(|id| roles.iter().find(|role| role.id == *id));
        let role = role.map_or("", |role| role.name.as_str());
        ReachRow {
            source: words::source(&one.source, role, group.unwrap_or_default()),
            privileges: account_labels(one.privileges),
            accounts: one.accounts,
        }
    };
    Ok(reach.iter().map(row).collect())
}

/// The steps of one part of a plan.
pub struct PartRow {
    pub label: &'static str,
    pub steps: Vec<StepRow>,
}

pub struct StepRow {
    pub account: Option<(AccountId, String)>,
    pub what: String,
    pub refused: Option<String>,
    pub obstacle: Option<String>,
}

pub fn parts(plan: &Plan) -> Vec<PartRow> {
    let mut parts: Vec<(Phase, PartRow)> = Vec::new();
    for checked in &plan.steps {
        let part = Phase::of(&checked.line.action);
        match parts.last_mut() {
            Some((last, row)) if *last == part => row.steps.push(step(checked)),
            Some(_) | None => {
                parts.push((part, PartRow { label: words::phase(part), steps: vec![step(checked)] }));
            }
        }
    }
    parts.into_iter().map(|(_, row)| row).collect()
}

fn step(checked: &Checked) -> StepRow {
    let (refused, obstacle) = match &checked.precheck {
        Precheck::Refused(why) => (Some(sentence(why)), None),
        Precheck::MayFail(why) => (None, Some(sentence(why))),
        Precheck::Ready | Precheck::Unchanged => (None, None),
    };
    let account = match checked.line.subject {
        LineSubject::Account(id) => Some((id, checked.name.clone().unwrap_or_default())),
        LineSubject::Person(_) => None,
    };
    StepRow { account, what: action_with_details(&checked.line.action), refused, obstacle }
}
