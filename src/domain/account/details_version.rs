//! The state of an account's details from which a form was made.

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::num::ParseIntError;
use std::str::FromStr;

use super::Account;
use crate::domain::{Email, GroupId};

/// The details of an account when a form was made from them: a form that is sent later must not undo what others have
/// changed meanwhile. The form contains it as text; equal values have equal versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DetailsVersion {
    owner: u64,
    comment: u64,
    groups: u64,
}

/// What differs between two versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DetailsChange {
    pub owner: bool,
    pub comment: bool,
    pub groups: bool,
}

impl DetailsChange {
    pub const fn is_any(self) -> bool {
        self.owner || self.comment || self.groups
    }
}

impl DetailsVersion {
    pub fn of(owner: Option<&Email>, comment: &str, groups: &[GroupId]) -> Self {
        let mut groups = groups.to_vec();
        groups.sort_unstable();
        groups.dedup();
        // Browsers send other line endings than they received.
        let lines: Vec<&str> = comment.trim().lines().collect();
        Self {
            owner: fingerprint(&owner.map(Email::as_str)),
            comment: fingerprint(&lines),
            groups: fingerprint(&groups),
        }
    }

    pub fn of_account(account: &Account) -> Self {
        Self::of(account.owner.as_ref(), &account.comment, &account.groups)
    }

    /// What differs from an earlier version.
    pub const fn since(self, earlier: Self) -> DetailsChange {
        DetailsChange {
            owner: self.owner != earlier.owner,
            comment: self.comment != earlier.comment,
            groups: self.groups != earlier.groups,
        }
    }
}

fn fingerprint(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

impl fmt::Display for DetailsVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}-{:x}-{:x}", self.owner, self.comment, self.groups)
    }
}

impl FromStr for DetailsVersion {
    type Err = ParseIntError;

    fn from_str(text: &str) -> Result<Self, ParseIntError> {
        let mut parts = text.splitn(3, '-').map(|part| u64::from_str_radix(part, 16));
        let mut next = || parts.next().unwrap_or_else(|| u64::from_str_radix("", 16));
        Ok(Self { owner: next()?, comment: next()?, groups: next()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_that_of_its_values() {
        let ada = Email::parse("ada@example.org").unwrap();
        let (first, second) = (GroupId::generate(), GroupId::generate());
        let version = DetailsVersion::of(Some(&ada), "two\nlines", &[first, second]);
        assert_eq!(version, DetailsVersion::of(Some(&ada), " two\r\nlines\r\n", &[second, first, first]));
        assert_eq!(version.to_string().parse(), Ok(version));
        let other = DetailsVersion::of(None, "two lines", &[first]);
        assert_eq!(other.since(version), DetailsChange { owner: true, comment: true, groups: true });
        assert_eq!(version.since(version), DetailsChange { owner: false, comment: false, groups: false });
        for wrong in ["", "1-2", "1-2-x", "1-2-3-4"] {
            assert!(wrong.parse::<DetailsVersion>().is_err(), "{wrong}");
        }
    }
}
