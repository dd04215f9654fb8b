//! What to do about a person who leaves, step by step, with what the actor may not do.

use std::collections::BTreeSet;

use super::refusals;
use super::reviewed::{Review, ReviewedAccount};
use crate::crypto;
use crate::domain::access::SystemGrant;
use crate::domain::error::ErrorCode;
use crate::domain::job_line::{Action, LineSubject, MAX_STEPS};
use crate::domain::offboarding::{Choices, NewOwner, PersonAction, Phase};
use crate::domain::privilege::can;
use crate::domain::{AccountId, Email};
use crate::ops::lines::{self, Checked, NewLine, Precheck};
use crate::ops::users::UserChange;
use crate::ops::{App, OpError, current};
use crate::store;
use crate::store::groups::Group;

/// The steps in the order in which they are done.
#[derive(Debug)]
pub struct Plan {
    /// What the actor may not do is among them, so that the report says what is still open.
    pub steps: Vec<Checked>,
    /// What tells whether a plan is the one that was shown.
    pub digest: String,
    /// Why nothing of it may be done by this actor.
    pub refused: Option<ErrorCode>,
}

impl Plan {
    /// How many steps the actor may do.
    pub fn possible(&self) -> usize {
        self.steps.iter().filter(|step| step.precheck.is_included()).count()
    }
}

/// What is sensible to do: everything that the person has, and every password that they know. Devices of other people's
/// accounts are theirs, so these are left alone.
pub fn suggested(review: &Review) -> Choices {
    let user = review.leaver.user();
    let ids = |wanted: &dyn Fn(&&ReviewedAccount) -> bool| -> BTreeSet<AccountId> {
        review.accounts.iter().filter(wanted).map(|it| it.entry.account.id).collect()
    };
    let is_bot = |it: &ReviewedAccount| it.entry.account.identifier.is_bot();
    Choices {
        disable: user.is_some_and(|user| !user.disabled),
        end_sessions: review.leaver.listed.as_ref().is_some_and(|listed| listed.sessions > 0),
        revoke_admin: user.is_some_and(|user| user.admin),
        roles: review.leaver.roles.iter().map(|role| role.id).collect(),
        invites: review.invites.iter().map(|it| it.invite.id).collect(),
        devices: ids(&|it| it.is_owned && !is_bot(it)),
        passwords: ids(&|it| (it.is_owned || it.knows_password()) && !is_bot(it)),
        handed_over: ids(&|it| it.is_owned),
        owner: NewOwner::default(),
        leave: BTreeSet::new(),
        join: None,
    }
}

/// The plan of these choices. What is suggested and refused to the actor is part of it, so that it is not forgotten.
pub async fn plan(
    app: &App,
    grant: &SystemGrant<'_, can::ManageAccess>,
    review: &Review,
    choices: &Choices,
) -> Result<Plan, OpError> {
    let conn = &mut app.db.read().await?;
    let actor = &current::principal(conn, grant.actor()).await?;
    let refused = refusals::of_person(conn, actor, review.leaver.user()).await?;
    let groups = store::groups::all(conn).await?;
    let mut lines = person_lines(review, choices);
    lines.extend(account_lines(review, choices, &groups));
    lines.sort_by_key(|line| Phase::of(&line.action));
    let mut steps = match lines.is_empty() {
        true => Vec::new(),
        false => lines::check(app, conn, actor, lines, MAX_STEPS).await?,
    };
    steps.retain(|step| step.precheck != Precheck::Unchanged);
    Ok(Plan { digest: digest(&review.leaver.email, &steps), steps, refused })
}

fn digest(person: &Email, steps: &[Checked]) -> String {
    let mut text = person.to_string();
    for Checked { line, precheck, .. } in steps {
        let subject = serde_json::to_string(&line.subject).unwrap_or_default();
        let action = serde_json::to_string(&line.action).unwrap_or_default();
        text.push_str(&format!("{subject}{action}{}", precheck.is_included()));
    }
    crypto::fingerprint(&text)
}

/// What is done about the person, in order.
fn person_lines(review: &Review, choices: &Choices) -> Vec<NewLine> {
    let (wanted, leaver) = (suggested(review), &review.leaver);
    let mut lines = Vec::new();
    for it in &review.invites {
        if choices.invites.contains(&it.invite.id) || it.refused.is_some() {
            let action =
                PersonAction::RevokeInvite { invite: it.invite.id, invited: it.invite.person.clone() };
            // Who leaves may be no user, so it is about the one who created it.
            let subject = LineSubject::Person(it.invite.creator);
            lines.push(NewLine { subject, action: Action::Person(action) });
        }
    }
    let Some(user) = leaver.user() else { return lines };
    let mut about_user = Vec::new();
    let mut add = |is_chosen: bool, is_refused: bool, action: PersonAction| {
        if is_chosen || is_refused {
            about_user
                .push(NewLine { subject: LineSubject::Person(user.id), action: Action::Person(action) });
        }
    };
    let refused = |change| leaver.refused.contains_key(&change);
    add(choices.disable, wanted.disable && refused(UserChange::Disable), PersonAction::Block);
    let is_refused = wanted.end_sessions && refused(UserChange::EndSessions);
    add(choices.end_sessions, is_refused, PersonAction::SignOut);
    let is_refused = wanted.revoke_admin && refused(UserChange::RevokeAdmin);
    add(choices.revoke_admin, is_refused, PersonAction::RevokeAdmin);
    for role in &leaver.roles {
        let action = PersonAction::TakeRole { role: role.id, role_name: role.name.clone() };
        add(choices.roles.contains(&role.id), role.refused.is_some(), action);
    }
    about_user.extend(lines);
    about_user
}

/// What is done with accounts. An account joins its group before it leaves others, since the actor may see it only
/// because of those.
fn account_lines(review: &Review, choices: &Choices, groups: &[Group]) -> Vec<NewLine> {
    let wanted = suggested(review);
    let named = |id: &_| groups.iter().find(|group| group.id == *id).cloned();
    let mut lines = Vec::new();
    for it in &review.accounts {
        let (account, id) = (&it.entry.account, it.entry.account.id);
        let refused = |set: &BTreeSet<AccountId>, why: &Option<ErrorCode>| set.contains(&id) && why.is_some();
        let mut add = |action| lines.push(NewLine { subject: LineSubject::Account(id), action });
        if choices.devices.contains(&id) || refused(&wanted.devices, &it.refused.devices) {
            add(Action::EndOtherDevices);
        }
        if choices.passwords.contains(&id) || refused(&wanted.passwords, &it.refused.password) {
            add(Action::NewTwoStepPassword);
        }
        let is_handed_over = choices.handed_over.contains(&id) && it.is_owned;
        if is_handed_over || refused(&wanted.handed_over, &it.refused.owner) {
            match &choices.owner {
                NewOwner::Unchanged => {}
                NewOwner::NoOwner => add(Action::ChangeOwner { owner: None }),
                NewOwner::Person(owner) => add(Action::ChangeOwner { owner: Some(owner.clone()) }),
            }
        }
        if !is_handed_over {
            continue;
        }
        if let Some(Group { id: group, name: group_name }) = choices.join.as_ref().and_then(named) {
            add(Action::AddGroup { group, group_name });
        }
        let left =
            account.groups.iter().filter(|it| choices.leave.contains(it) && choices.join != Some(**it));
        for Group { id: group, name: group_name } in left.filter_map(named) {
            add(Action::RemoveGroup { group, group_name });
        }
    }
    lines
}
