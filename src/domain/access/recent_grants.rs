//! Who got their rights from whom, according to the newest entries of the audit log: people must not get their own
//! requests approved by an approver whom they have just appointed.

use std::collections::HashSet;

use crate::domain::Email;
use crate::domain::audit::{AuditEvent, AuditKind};
use crate::domain::name::fold;
use crate::domain::privilege::SystemPrivilege;

/// The kinds of entries that are evaluated.
pub const GRANTS: [AuditKind; 7] = [
    AuditKind::RoleGiven,
    AuditKind::RoleTaken,
    AuditKind::RoleRenamed,
    AuditKind::RoleDeleted,
    AuditKind::SystemPrivilegesSet,
    AuditKind::AdminGranted,
    AuditKind::AdminRevoked,
];

/// What one person has granted: memberships, roles that may approve because of that person, and administrators.
#[derive(Debug, Default)]
pub struct RecentGrants {
    members: HashSet<(String, Email)>,
    roles: HashSet<String>,
    admins: HashSet<Email>,
}

/// A way by which a person may approve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ApproverBy {
    Admin,
    Role {
        name: String,
        /// Whether the role comes from the identity provider, so that no one in Telescope granted it.
        from_provider: bool,
    },
}

impl RecentGrants {
    /// What `giver` has granted, according to these entries, the oldest first.
    pub fn of<'a>(giver: &str, entries: impl IntoIterator<Item = (&'a str, &'a AuditEvent)>) -> Self {
        let mut grants = Self::default();
        for (actor, event) in entries {
            grants.note(actor == giver, event);
        }
        grants
    }

    /// A later grant by another person replaces the giver's.
    fn note(&mut self, is_giver: bool, event: &AuditEvent) {
        match event {
            AuditEvent::RoleGiven { role, person } => {
                set(&mut self.members, (fold(role), person.clone()), is_giver);
            }
            AuditEvent::RoleTaken { role, person } => {
                self.members.remove(&(fold(role), person.clone()));
            }
            AuditEvent::SystemPrivilegesSet { role, now, before } => {
                let approves = SystemPrivilege::ApproveReveal;
                match (before.has(approves), now.has(approves)) {
                    (false, true) => set(&mut self.roles, fold(role), is_giver),
                    (_, false) => drop(self.roles.remove(&fold(role))),
                    (true, true) => {}
                }
            }
            AuditEvent::RoleRenamed { role, before } => self.rename(&fold(before), &fold(role)),
            AuditEvent::RoleDeleted { role } => {
                let role = fold(role);
                self.members.retain(|(name, _)| *name != role);
                self.roles.remove(&role);
            }
            AuditEvent::AdminGranted { person } => set(&mut self.admins, person.clone(), is_giver),
            AuditEvent::AdminRevoked { person } => drop(self.admins.remove(person)),
            _ => {}
        }
    }

    fn rename(&mut self, before: &str, now: &str) {
        if self.roles.remove(before) {
            self.roles.insert(now.to_owned());
        }
        let (renamed, other): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.members).into_iter().partition(|(name, _)| name == before);
        self.members = other.into_iter().collect();
        self.members.extend(renamed.into_iter().map(|(_, person)| (now.to_owned(), person)));
    }

    /// Whether this person may approve only because of these grants.
    pub fn explain(&self, person: &Email, ways: &[ApproverBy]) -> bool {
        ways.iter().all(|way| match way {
            ApproverBy::Admin => self.admins.contains(person),
            ApproverBy::Role { name, from_provider } => {
                let name = fold(name);
                self.roles.contains(&name)
                    || (!from_provider && self.members.contains(&(name, person.clone())))
            }
        })
    }
}

fn set<T: Eq + std::hash::Hash>(of: &mut HashSet<T>, what: T, is_in: bool) {
    if is_in {
        of.insert(what);
    } else {
        of.remove(&what);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::privilege::SystemPrivileges;

    const ADA: &str = "ada@example.org";

    fn email(text: &str) -> Email {
        Email::parse(text).unwrap()
    }

    fn given(role: &str) -> AuditEvent {
        AuditEvent::RoleGiven { role: role.into(), person: email("eve@example.org") }
    }

    fn system(role: &str, now: bool) -> AuditEvent {
        let set = |on: bool| {
            if on { [SystemPrivilege::ApproveReveal].into_iter().collect() } else { SystemPrivileges::NONE }
        };
        AuditEvent::SystemPrivilegesSet { role: role.into(), now: set(now), before: set(!now) }
    }

    fn by_role(from_provider: bool) -> Vec<ApproverBy> {
        vec![ApproverBy::Role { name: "Desk".into(), from_provider }]
    }

    fn explains(entries: &[(&str, AuditEvent)], ways: &[ApproverBy]) -> bool {
        let entries = entries.iter().map(|(actor, event)| (*actor, event));
        RecentGrants::of(ADA, entries).explain(&email("eve@example.org"), ways)
    }

    #[test]
    fn a_right_that_the_requester_gave_is_theirs() {
        let taken = AuditEvent::RoleTaken { role: "desk".into(), person: email("eve@example.org") };
        let renamed = AuditEvent::RoleRenamed { role: "Desk".into(), before: "Front".into() };
        let admin = AuditEvent::AdminGranted { person: email("eve@example.org") };
        for (entries, ways, expected) in [
            (vec![], by_role(false), false),
            (vec![(ADA, given("DESK"))], by_role(false), true),
            (vec![(ADA, given("Desk"))], by_role(true), false),
            (vec![("bob", given("Desk"))], by_role(false), false),
            (vec![(ADA, system("Desk", true))], by_role(true), true),
            (vec![(ADA, system("Desk", true)), ("bob", system("Desk", false))], by_role(false), false),
            (vec![(ADA, given("Front")), (ADA, renamed)], by_role(false), true),
            (vec![(ADA, given("Desk")), ("bob", taken), ("bob", given("Desk"))], by_role(false), false),
            (vec![(ADA, admin.clone())], vec![ApproverBy::Admin], true),
            (vec![(ADA, admin)], [vec![ApproverBy::Admin], by_role(false)].concat(), false),
        ] {
            assert_eq!(explains(&entries, &ways), expected, "{entries:?} {ways:?}");
        }
    }
}
