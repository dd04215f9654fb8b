//! The edits that turn the rules in the database into those of a file.

use std::collections::{BTreeMap, BTreeSet};

use super::super::file::{self, RulesFile};
use super::super::{Edit, UserRef};
use super::ImportStep;
use crate::domain::error::{ErrorCode, NameKind};
use crate::domain::privilege::{AccountPrivilege, AccountPrivileges, SystemPrivilege, SystemPrivileges};
use crate::domain::{AccountId, GroupId, RoleId};
use crate::ops::OpError;
use crate::store::{self, Conn};

/// The necessary steps, in an order in which they can be made.
pub(super) async fn plan(
    conn: &mut Conn<'_>,
    wanted: &RulesFile,
) -> Result<Vec<(Edit, ImportStep)>, OpError> {
    let present = RulesFile::read(conn).await?;
    let accounts = store::accounts::all(conn).await?;
    let accounts = accounts.into_iter().map(|account| (account.identifier.to_string(), account.id)).collect();
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

/// Ids by name, including what the plan adds.
struct Plan {
    accounts: BTreeMap<String, AccountId>,
    groups: BTreeMap<String, GroupId>,
    roles: BTreeMap<String, RoleId>,
    steps: Vec<(Edit, ImportStep)>,
}

impl Plan {
    fn step(&mut self, edit: Edit, step: ImportStep) {
        self.steps.push((edit, step));
    }

    /// Refuses duplicate names: one of the two would be lost.
    fn check_names(&self, wanted: &RulesFile) -> Result<(), OpError> {
        let mut seen = BTreeSet::new();
        let groups = wanted.groups.iter().map(|group| (NameKind::Group, &group.name));
        for (kind, name) in groups.chain(wanted.roles.iter().map(|role| (NameKind::Role, &role.name))) {
            if !seen.insert((kind == NameKind::Role, fold(name))) {
                return Err(wrong(ErrorCode::FileDuplicate { kind, name: name.clone() }));
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
                    let step = ImportStep::AddGroup { group: group.name.clone() };
                    self.step(Edit::AddGroup(id, group.name.clone()), step);
                }
                Some(other) if other.name != group.name => {
                    if let Some(id) = self.groups.get(&fold(&group.name)).copied() {
                        let (before, to) = (other.name.clone(), group.name.clone());
                        self.step(
                            Edit::RenameGroup(id, to.clone()),
                            ImportStep::RenameGroup { group: before, to },
                        );
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
                    let step = ImportStep::AddRole { role: role.name.clone() };
                    self.step(Edit::AddRole(id, role.name.clone()), step);
                }
                Some(other) if other.name != role.name => {
                    if let Some(id) = self.roles.get(&fold(&role.name)).copied() {
                        let (before, to) = (other.name.clone(), role.name.clone());
                        self.step(
                            Edit::RenameRole(id, to.clone()),
                            ImportStep::RenameRole { role: before, to },
                        );
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
                let required = group.needs_approval;
                let step = ImportStep::RequireApproval { group: group.name.clone(), required };
                self.step(Edit::NeedApproval(id, required), step);
            }
            if group.emergency_access != had_group.is_some_and(|group| group.emergency_access) {
                let allowed = group.emergency_access;
                let step = ImportStep::AllowEmergency { group: group.name.clone(), allowed };
                self.step(Edit::AllowEmergency(id, allowed), step);
            }
            if group.confirm_identity != had_group.is_some_and(|group| group.confirm_identity) {
                let required = group.confirm_identity;
                let step = ImportStep::RequireConfirmation { group: group.name.clone(), required };
                self.step(Edit::NeedConfirmation(id, required), step);
            }
            let mut has = BTreeSet::new();
            for number in &group.accounts {
                let phone = file::identifier(number)?.to_string();
                if !self.accounts.contains_key(&phone) {
                    return Err(wrong(ErrorCode::FileUnknownAccount {
                        account: phone,
                        group: group.name.clone(),
                    }));
                }
                has.insert(phone);
            }
            for phone in has.iter().filter(|phone| !had.contains(phone.as_str())) {
                if let Some(account) = self.accounts.get(phone).copied() {
                    let step = ImportStep::AddAccount { account: phone.clone(), group: group.name.clone() };
                    self.step(Edit::PutIn(account, id), step);
                }
            }
            for phone in had.iter().filter(|phone| !has.contains(**phone)) {
                if let Some(account) = self.accounts.get(*phone).copied() {
                    let (account_phone, group) = ((*phone).to_owned(), group.name.clone());
                    self.step(
                        Edit::TakeOut(account, id),
                        ImportStep::RemoveAccount { account: account_phone, group },
                    );
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
                let (role, privileges) = (role.name.clone(), role.system.clone());
                self.step(Edit::System(id, now), ImportStep::SetSystemPrivileges { role, privileges });
            }
            let mut before = BTreeMap::new();
            for (group, names) in had.into_iter().flat_map(|had| &had.groups) {
                before.insert(fold(group), (group, account(names)?));
            }
            for (group, names) in &role.groups {
                let Some(group_id) = self.groups.get(&fold(group)).copied() else {
                    return Err(wrong(ErrorCode::FileUnknownGroup {
                        group: group.clone(),
                        role: role.name.clone(),
                    }));
                };
                let now = account(names)?;
                let had = before.remove(&fold(group)).map_or(AccountPrivileges::NONE, |(_, set)| set);
                if now != had {
                    self.set_privileges((group_id, id), now, (&role.name, group, names));
                }
            }
            for (folded, (group, had)) in before {
                if let Some(group_id) = self.groups.get(&folded).copied()
                    && !had.is_empty()
                {
                    self.set_privileges((group_id, id), AccountPrivileges::NONE, (&role.name, group, &[]));
                }
            }
        }
        Ok(())
    }

    fn set_privileges(
        &mut self,
        (group_id, role_id): (GroupId, RoleId),
        set: AccountPrivileges,
        (role, group, names): (&str, &str, &[String]),
    ) {
        let (role, group, privileges) = (role.to_owned(), group.to_owned(), names.to_vec());
        let step = ImportStep::SetGroupPrivileges { role, group, privileges };
        self.step(Edit::Cell(group_id, role_id, set), step);
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
                let step = ImportStep::GiveRole { role: role.name.clone(), person: email.to_string() };
                self.step(Edit::Give(UserRef::Email(email.clone()), id), step);
            }
            for email in had.difference(&has) {
                let step = ImportStep::TakeRole { role: role.name.clone(), person: email.to_string() };
                self.step(Edit::Take(UserRef::Email(email.clone()), id), step);
            }
        }
        Ok(())
    }

    fn delete_rest(&mut self, wanted: &RulesFile, present: &RulesFile) {
        for role in &present.roles {
            if !wanted.roles.iter().any(|other| fold(&other.name) == fold(&role.name))
                && let Some(id) = self.roles.get(&fold(&role.name)).copied()
            {
                self.step(Edit::DeleteRole(id), ImportStep::DeleteRole { role: role.name.clone() });
            }
        }
        for group in &present.groups {
            if !wanted.groups.iter().any(|other| fold(&other.name) == fold(&group.name))
                && let Some(id) = self.groups.get(&fold(&group.name)).copied()
            {
                let (name, needs_approval) = (group.name.clone(), group.needs_approval);
                self.step(Edit::DeleteGroup(id), ImportStep::DeleteGroup { group: name, needs_approval });
            }
        }
    }
}

/// Names are compared case-insensitively.
fn fold(name: &str) -> String {
    crate::domain::name::fold(name)
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
    wrong(ErrorCode::FileUnknownPrivilege { name: name.to_owned() })
}

fn wrong(code: ErrorCode) -> OpError {
    OpError::invalid("file", code)
}
