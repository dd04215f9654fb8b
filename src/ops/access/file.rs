//! All access rules as one text file that can be reviewed, kept under version control and imported again: groups with
//! their accounts, roles with their privileges and members. It uses names and phone numbers instead of ids, in
//! alphabetical order, so that the same rules always give the same text.
//!
//! Administrators, owners, and roles assigned by the identity provider are not included.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::domain::access::PolicyRows;
use crate::domain::error::ErrorCode;
use crate::domain::privilege::{AccountPrivilege, SystemPrivilege};
use crate::domain::{Email, GroupId, Identifier, RoleId};
use crate::ops::OpError;
use crate::store::{self, Conn, StoreError};

/// The comment at the top of the file.
const HEAD: &str = "# Who may do what in Telescope. `telescope access import FILE` shows what it would change, and with --yes\n\
                    # changes it: what this file does not name is taken away.\n\n";

/// The rules of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RulesFile {
    /// Groups of accounts.
    #[serde(default, rename = "group", skip_serializing_if = "Vec::is_empty")]
    pub groups: Vec<GroupRules>,
    /// Roles.
    #[serde(default, rename = "role", skip_serializing_if = "Vec::is_empty")]
    pub roles: Vec<RoleRules>,
}

/// A group, and the accounts in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupRules {
    pub name: String,
    /// Whether secrets of its accounts are shown only after a second person's approval.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub needs_approval: bool,
    /// Whether a login code is shown without approval in an emergency.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub emergency_access: bool,
    /// Whether people have to confirm their identity before secrets of its accounts are shown to them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub confirm_identity: bool,
    /// The numbers of its accounts.
    #[serde(default)]
    pub accounts: Vec<String>,
}

/// A role, what it may do, and who has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RoleRules {
    pub name: String,
    /// What it may do with the system.
    #[serde(default)]
    pub system: Vec<String>,
    /// Addresses of the people to whom it was given.
    #[serde(default)]
    pub people: Vec<String>,
    /// What it may do with the accounts of groups, by their names.
    #[serde(default)]
    pub groups: BTreeMap<String, Vec<String>>,
}

impl RulesFile {
    /// The rules as they stand in the database.
    pub async fn read(conn: &mut Conn<'_>) -> Result<Self, StoreError> {
        let rows = store::rules::load(conn).await?;
        let groups = store::groups::all(conn).await?;
        let accounts = store::accounts::all(conn).await?;
        let given = store::roles::given(conn).await?;
        let needing = store::groups::needing_approval(conn).await?;
        let emergency = store::groups::allowing_emergency(conn).await?;
        let confirming = store::groups::needing_confirmation(conn).await?;
        let names: BTreeMap<GroupId, String> =
            groups.iter().map(|group| (group.id, group.name.clone())).collect();
        let group = |group: &store::groups::Group| GroupRules {
            name: group.name.clone(),
            needs_approval: needing.contains(&group.id),
            emergency_access: emergency.contains(&group.id),
            confirm_identity: confirming.contains(&group.id),
            accounts: accounts
                .iter()
                .filter(|account| account.groups.contains(&group.id))
                .map(|account| account.identifier.to_string())
                .collect::<BTreeSet<_>>()
                .into_iter()
                .collect(),
        };
        let roles = store::roles::all(conn).await?;
        let role = |role: &store::roles::Role| RoleRules {
            name: role.name.clone(),
            system: system_of(&rows, role.id),
            people: given
                .iter()
                .filter(|(given, _)| *given == role.id)
                .map(|(_, email)| email.to_string())
                .collect(),
            groups: cells_of(&rows, role.id, &names),
        };
        Ok(Self { groups: groups.iter().map(group).collect(), roles: roles.iter().map(role).collect() })
    }

    /// The text.
    pub fn to_text(&self) -> Result<String, OpError> {
        let rules = toml::to_string(self).map_err(|error| OpError::Internal(error.into()))?;
        Ok(format!("{HEAD}{rules}"))
    }

    /// Reads a text; what is wrong with it is said with its line.
    pub fn parse(text: &str) -> Result<Self, OpError> {
        toml::from_str(text).map_err(|error| {
            OpError::invalid("file", ErrorCode::FileSyntax { text: error.to_string().trim_end().to_owned() })
        })
    }
}

fn system_of(rows: &PolicyRows, role: RoleId) -> Vec<String> {
    let has = |privilege: &&SystemPrivilege| rows.system.contains(&(role, **privilege));
    SystemPrivilege::ALL.iter().filter(has).map(|privilege| privilege.name().to_owned()).collect()
}

fn cells_of(
    rows: &PolicyRows,
    role: RoleId,
    names: &BTreeMap<GroupId, String>,
) -> BTreeMap<String, Vec<String>> {
    let mut sets: BTreeMap<String, BTreeSet<AccountPrivilege>> = BTreeMap::new();
    for (group, _, privilege) in rows.cells.iter().filter(|(_, of, _)| *of == role) {
        if let Some(name) = names.get(group) {
            sets.entry(name.clone()).or_default().insert(*privilege);
        }
    }
    let named = |set: BTreeSet<AccountPrivilege>| {
        set.into_iter().map(|one| one.name().to_owned()).collect::<Vec<_>>()
    };
    sets.into_iter().map(|(name, set)| (name, named(set))).collect()
}

/// A number, or a bot, as a file has it.
pub(super) fn identifier(text: &str) -> Result<Identifier, OpError> {
    Identifier::parse(text).map_err(|error| wrong(text, error.into()))
}

/// An address as a file has it.
pub(super) fn email(text: &str) -> Result<Email, OpError> {
    Email::parse(text).map_err(|error| wrong(text, error.into()))
}

fn wrong(value: &str, error: ErrorCode) -> OpError {
    OpError::invalid("file", ErrorCode::FileValue { value: value.to_owned(), error: Box::new(error) })
}
