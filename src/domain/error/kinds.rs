//! Kinds of things that errors name.

use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NameKind {
    Role,
    Group,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GoneKind {
    Role,
    Group,
    GroupOrRole,
    Account,
    Person,
}

impl GoneKind {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Role => "Role",
            Self::Group => "Group",
            Self::GroupOrRole => "Group or role",
            Self::Account => "Account",
            Self::Person => "Person",
        }
    }
}
