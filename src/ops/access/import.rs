//! Putting the rules of a file in place of those in the database: the edits that lead there, judged and written down
//! like those of a page. All of them are made, or none.

use std::collections::{BTreeMap, BTreeSet};

use super::file::{self, RulesFile};
use super::{Edit, Stop, UserRef, make};
use crate::domain::access::SystemGrant;
use crate::domain::privilege::{AccountPrivilege, AccountPrivileges, SystemPrivilege, SystemPrivileges, can};
use crate::domain::{AccountId, GroupId, RoleId};
use crate::ops::{Context, OpError};
use crate::store::{self, Conn};

/// Makes the database say what a file says; tells each step in words. A dry run tells what would be done, and changes
/// nothing. If a step is refused none is made.
pub async fn import(
    context: &Context,
    grant: SystemGrant<'_, can::ManageAccess>,
    wanted: &RulesFile,
    dry: bool,
) -> Result<Vec<String>, OpError> {
    let made = context
        .db
        .change(async |conn| -> Result<Vec<String>, Stop<Vec<String>>> {
            let (edits, words): (Vec<Edit>, Vec<String>) =
                plan(conn, wanted).await?.into_iter().map(|step| (step.edit, step.words)).unzip();
            let (report, _) = make(context, conn, grant.actor(), &edits, None).await?;
            let failed: Vec<String> =
                report.failed.iter().map(|failed| format!("{}: {}", failed.what, failed.why)).collect();
            if !failed.is_empty() {
                return Err(OpError::Refused(failed.join("\n")).into());
            }
            if dry { Err(Stop::Preview(words)) } else { Ok(words) }
        })
        .await;
    match made {
        Ok(words) | Err(Stop::Preview(words)) => Ok(words),
        Err(Stop::Failed(error)) => Err(error),
    }
}

/// One step of an import, and what it does, in words.
struct Step {
    edit: Edit,
    words: String,
}

/// The steps from what the database has to what a file says, in an order in which they can be made.
async fn plan(conn: &mut Conn<'_>, wanted: &RulesFile) -> Result<Vec<Step>, OpError> {
    let present = RulesFile::read(conn).await?;
    let accounts = store::accounts::all(conn).await?;
    let accounts = accounts.into_iter().map(|account| (account.phone.to_string(), account.id)).collect();
    let groups =
        store::groups::all(conn).await?.into_iter().map(|group| (fold(&group.name), group.id)).collect();
    let roles = store::roles::all(conn).await?.into_iter().map(|role| (fold(&role.name), role.id)).collect();
    let mut plan = Plan { accounts, groups, roles, steps: Vec::new() };
    plan.check_names(wanted)?;
    plan.add_names(wanted, &present);
    plan.accounts_of_groups(wanted, &present)?;
    plan.rights_of_roles(wanted, &present)?;
    plan.people_of_roles(wanted, &present)?;
    plan.delete_rest(wanted, &present);
    Ok(plan.steps)
}

/// What there is by name, with what is to be added.
struct Plan {
    accounts: BTreeMap<String, AccountId>,
    groups: BTreeMap<String, GroupId>,
    roles: BTreeMap<String, RoleId>,
    steps: Vec<Step>,
}

impl Plan {
    fn step(&mut self, edit: Edit, words: String) {
        self.steps.push(Step { edit, words });
    }

    /// A name that stands twice would mean that one of them is lost.
    fn check_names(&self, wanted: &RulesFile) -> Result<(), OpError> {
        let mut seen = BTreeSet::new();
        let groups = wanted.groups.iter().map(|group| ("group", &group.name));
        for (kind, name) in groups.chain(wanted.roles.iter().map(|role| ("role", &role.name))) {
            if !seen.insert((kind, fold(name))) {
                return Err(OpError::invalid("file", format!("The {kind} {name:?} is there twice.")));
            }
        }
        Ok(())
    }

    fn add_names(&mut self, wanted: &RulesFile, present: &RulesFile) {
        for group in &wanted.groups {
            match present.groups.iter().find(|other| fold(&other.name) == fold(&group.name)) {
                None => {
                    let id = GroupId::generate();
                    self.groups.insert(fold(&group.name), id);
                    self.step(
                        Edit::AddGroup(id, group.name.clone()),
                        format!("add the group {:?}", group.name),
                    );
                }
                Some(other) if other.name != group.name => {
                    if let Some(id) = self.groups.get(&fold(&group.name)).copied() {
                        let words = format!("call the group {:?} {:?}", other.name, group.name);
                        self.step(Edit::RenameGroup(id, group.name.clone()), words);
                    }
                }
                Some(_) => {}
            }
        }
        for role in &wanted.roles {
            match present.roles.iter().find(|other| fold(&other.name) == fold(&role.name)) {
                None => {
                    let id = RoleId::generate();
                    self.roles.insert(fold(&role.name), id);
                    self.step(Edit::AddRole(id, role.name.clone()), format!("add the role {:?}", role.name));
                }
                Some(other) if other.name != role.name => {
                    if let Some(id) = self.roles.get(&fold(&role.name)).copied() {
                        let words = format!("call the role {:?} {:?}", other.name, role.name);
                        self.step(Edit::RenameRole(id, role.name.clone()), words);
                    }
                }
                Some(_) => {}
            }
        }
    }

    fn accounts_of_groups(&mut self, wanted: &RulesFile, present: &RulesFile) -> Result<(), OpError> {
        for group in &wanted.groups {
            let Some(id) = self.groups.get(&fold(&group.name)).copied() else { continue };
            let had_group = present.groups.iter().find(|other| fold(&other.name) == fold(&group.name));
            let had: BTreeSet<&str> =
                had_group.into_iter().flat_map(|group| &group.accounts).map(String::as_str).collect();
            let needed_before = had_group.is_some_and(|group| group.needs_approval);
            if group.needs_approval != needed_before {
                let words = match group.needs_approval {
                    true => format!("want approvals for the accounts of {:?}", group.name),
                    false => format!("want no approvals any more for the accounts of {:?}", group.name),
                };
                self.step(Edit::NeedApproval(id, group.needs_approval), words);
            }
            let mut has = BTreeSet::new();
            for number in &group.accounts {
                let phone = file::phone(number)?.to_string();
                if !self.accounts.contains_key(&phone) {
                    return Err(OpError::invalid(
                        "file",
                        format!("There is no account {phone} ({}).", group.name),
                    ));
                }
                has.insert(phone);
            }
            for phone in has.iter().filter(|phone| !had.contains(phone.as_str())) {
                if let Some(account) = self.accounts.get(phone).copied() {
                    self.step(Edit::PutIn(account, id), format!("put {phone} into {:?}", group.name));
                }
            }
            for phone in had.iter().filter(|phone| !has.contains(**phone)) {
                if let Some(account) = self.accounts.get(*phone).copied() {
                    self.step(Edit::TakeOut(account, id), format!("take {phone} out of {:?}", group.name));
                }
            }
        }
        Ok(())
    }

    fn rights_of_roles(&mut self, wanted: &RulesFile, present: &RulesFile) -> Result<(), OpError> {
        for role in &wanted.roles {
            let Some(id) = self.roles.get(&fold(&role.name)).copied() else { continue };
            let had = present.roles.iter().find(|other| fold(&other.name) == fold(&role.name));
            let now = system(&role.system)?;
            if now != system(had.map_or(&[][..], |had| &had.system))? {
                let words = format!("let {:?} do with the system: {}", role.name, listed(&role.system));
                self.step(Edit::System(id, now), words);
            }
            let mut before = BTreeMap::new();
            for (group, names) in had.into_iter().flat_map(|had| &had.groups) {
                before.insert(fold(group), (group, account(names)?));
            }
            for (group, names) in &role.groups {
                let Some(group_id) = self.groups.get(&fold(group)).copied() else {
                    return Err(OpError::invalid(
                        "file",
                        format!("There is no group {group:?} (role {:?}).", role.name),
                    ));
                };
                let now = account(names)?;
                let had = before.remove(&fold(group)).map_or(AccountPrivileges::NONE, |(_, set)| set);
                if now != had {
                    let words = format!("let {:?} do in {group:?}: {}", role.name, listed(names));
                    self.step(Edit::Cell(group_id, id, now), words);
                }
            }
            for (folded, (group, had)) in before {
                if let Some(group_id) = self.groups.get(&folded).copied()
                    && !had.is_empty()
                {
                    let words = format!("let {:?} do in {group:?}: nothing", role.name);
                    self.step(Edit::Cell(group_id, id, AccountPrivileges::NONE), words);
                }
            }
        }
        Ok(())
    }

    fn people_of_roles(&mut self, wanted: &RulesFile, present: &RulesFile) -> Result<(), OpError> {
        for role in &wanted.roles {
            let Some(id) = self.roles.get(&fold(&role.name)).copied() else { continue };
            let had = present.roles.iter().find(|other| fold(&other.name) == fold(&role.name));
            let emails = |texts: &[String]| {
                texts.iter().map(|text| file::email(text)).collect::<Result<BTreeSet<_>, _>>()
            };
            let (has, had) = (emails(&role.people)?, emails(had.map_or(&[][..], |had| &had.people))?);
            for email in has.difference(&had) {
                let words = format!("give {email} the role {:?}", role.name);
                self.step(Edit::Give(UserRef::Email(email.clone()), id), words);
            }
            for email in had.difference(&has) {
                let words = format!("take the role {:?} from {email}", role.name);
                self.step(Edit::Take(UserRef::Email(email.clone()), id), words);
            }
        }
        Ok(())
    }

    fn delete_rest(&mut self, wanted: &RulesFile, present: &RulesFile) {
        for role in &present.roles {
            if !wanted.roles.iter().any(|other| fold(&other.name) == fold(&role.name))
                && let Some(id) = self.roles.get(&fold(&role.name)).copied()
            {
                self.step(Edit::DeleteRole(id), format!("delete the role {:?}", role.name));
            }
        }
        for group in &present.groups {
            if !wanted.groups.iter().any(|other| fold(&other.name) == fold(&group.name))
                && let Some(id) = self.groups.get(&fold(&group.name)).copied()
            {
                let but = if group.needs_approval { ", whose accounts need approvals" } else { "" };
                self.step(Edit::DeleteGroup(id), format!("delete the group {:?}{but}", group.name));
            }
        }
    }
}

/// Names are compared without regard to upper and lower case.
fn fold(name: &str) -> String {
    name.trim().to_lowercase()
}

fn listed(names: &[String]) -> String {
    if names.is_empty() { "nothing".into() } else { names.join(", ") }
}

fn account(names: &[String]) -> Result<AccountPrivileges, OpError> {
    let known = |name: &String| AccountPrivilege::from_name(name).ok_or_else(|| unknown(name));
    names.iter().map(known).collect()
}

fn system(names: &[String]) -> Result<SystemPrivileges, OpError> {
    let known = |name: &String| SystemPrivilege::from_name(name).ok_or_else(|| unknown(name));
    names.iter().map(known).collect()
}

fn unknown(name: &str) -> OpError {
    OpError::invalid("file", format!("There is no privilege {name:?} here."))
}
