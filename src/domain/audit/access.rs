//! What is written down when rights are arranged.

use crate::domain::Email;
use crate::domain::privilege::{AccountPrivileges, SystemPrivileges};

/// Something that changes who may do what. Names are those of that moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccessEvent {
    /// A role is made.
    RoleAdded {
        /// Its name.
        role: String,
    },
    /// A role gets another name.
    RoleRenamed {
        /// The name from now on.
        role: String,
        /// The name before.
        before: String,
    },
    /// A role is deleted.
    RoleDeleted {
        /// Its name.
        role: String,
    },
    /// A person gets a role.
    RoleGiven {
        /// The role.
        role: String,
        /// Who.
        person: Email,
    },
    /// A person loses a role.
    RoleTaken {
        /// The role.
        role: String,
        /// Who.
        person: Email,
    },
    /// A role may do something else with the accounts of a group.
    RoleOnGroup {
        /// The role.
        role: String,
        /// The group.
        group: String,
        /// What it may do from now on.
        now: AccountPrivileges,
        /// What it could do before.
        before: AccountPrivileges,
    },
    /// A role may do something else with the system.
    RoleOnSystem {
        /// The role.
        role: String,
        /// What it may do from now on.
        now: SystemPrivileges,
        /// What it could do before.
        before: SystemPrivileges,
    },
    /// A group of accounts is made.
    GroupAdded {
        /// Its name.
        group: String,
    },
    /// A group gets another name.
    GroupRenamed {
        /// The name from now on.
        group: String,
        /// The name before.
        before: String,
    },
    /// A group is deleted.
    GroupDeleted {
        /// Its name.
        group: String,
    },
    /// An account comes into a group.
    AccountJoined {
        /// The group.
        group: String,
    },
    /// An account leaves a group.
    AccountLeft {
        /// The group.
        group: String,
    },
}

impl AccessEvent {
    /// The stable name of this kind of event.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::RoleAdded { .. } => "role.added",
            Self::RoleRenamed { .. } => "role.renamed",
            Self::RoleDeleted { .. } => "role.deleted",
            Self::RoleGiven { .. } => "role.given",
            Self::RoleTaken { .. } => "role.taken",
            Self::RoleOnGroup { .. } => "role.group.privileges",
            Self::RoleOnSystem { .. } => "role.system.privileges",
            Self::GroupAdded { .. } => "group.added",
            Self::GroupRenamed { .. } => "group.renamed",
            Self::GroupDeleted { .. } => "group.deleted",
            Self::AccountJoined { .. } => "group.account.joined",
            Self::AccountLeft { .. } => "group.account.left",
        }
    }

    /// What else there is to say of it.
    pub fn details(&self) -> serde_json::Value {
        match self {
            Self::RoleAdded { role } | Self::RoleDeleted { role } => serde_json::json!({ "role": role }),
            Self::RoleRenamed { role, before } => serde_json::json!({ "role": role, "before": before }),
            Self::RoleGiven { role, person } | Self::RoleTaken { role, person } => {
                serde_json::json!({ "role": role, "person": person })
            }
            Self::RoleOnGroup { role, group, now, before } => {
                let names = |set: AccountPrivileges| set.iter().map(|one| one.name()).collect::<Vec<_>>();
                serde_json::json!({ "role": role, "group": group, "now": names(*now), "before": names(*before) })
            }
            Self::RoleOnSystem { role, now, before } => {
                let names = |set: SystemPrivileges| set.iter().map(|one| one.name()).collect::<Vec<_>>();
                serde_json::json!({ "role": role, "now": names(*now), "before": names(*before) })
            }
            Self::GroupAdded { group }
            | Self::GroupDeleted { group }
            | Self::AccountJoined { group }
            | Self::AccountLeft { group } => serde_json::json!({ "group": group }),
            Self::GroupRenamed { group, before } => serde_json::json!({ "group": group, "before": before }),
        }
    }

    /// One of each kind, for tests of what has to hold for all.
    #[cfg(test)]
    pub fn examples() -> Vec<Self> {
        let (role, group, before) = (String::from("Support"), String::from("Sales"), String::from("Old"));
        let person = Email::parse("ada@example.org").unwrap();
        let system = (SystemPrivileges::ALL, SystemPrivileges::NONE);
        vec![
            Self::RoleAdded { role: role.clone() },
            Self::RoleRenamed { role: role.clone(), before: before.clone() },
            Self::RoleDeleted { role: role.clone() },
            Self::RoleGiven { role: role.clone(), person: person.clone() },
            Self::RoleTaken { role: role.clone(), person },
            Self::RoleOnGroup {
                role: role.clone(),
                group: group.clone(),
                now: AccountPrivileges::ALL,
                before: AccountPrivileges::NONE,
            },
            Self::RoleOnSystem { role, now: system.0, before: system.1 },
            Self::GroupAdded { group: group.clone() },
            Self::GroupRenamed { group: group.clone(), before },
            Self::GroupDeleted { group: group.clone() },
            Self::AccountJoined { group: group.clone() },
            Self::AccountLeft { group },
        ]
    }
}
