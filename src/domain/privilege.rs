//! The privileges. The table below defines the enums, the sets and the marker types of [`can`].
//!
//! A new privilege is one line here; the compiler then reports every place that has to handle it.

/// Defines an enum of privileges, a `Copy` set of them, and one marker type each.
macro_rules! privileges {
    ($(#[$doc:meta])* $kind:ident, $set:ident, $marker:ident, $($(#[$each:meta])* $variant:ident = $name:literal),+ $(,)?) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $kind { $($(#[$each])* $variant),+ }

        impl $kind {
            /// In the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name in the database, in files and in the documentation.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|privilege| privilege.name() == name)
            }

            const fn bit(self) -> u16 {
                1 << self as u16
            }
        }

        #[doc = concat!("A set of [`", stringify!($kind), "`]s.")]
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $set(u16);

        impl $set {
            pub const NONE: Self = Self(0);
            pub const ALL: Self = Self($($kind::$variant.bit())|+);

            pub const fn of(privileges: &[$kind]) -> Self {
                let mut bits = 0;
                let mut at = 0;
                while at < privileges.len() {
                    #[expect(clippy::indexing_slicing, reason = "const fn: no iterators; `at` is bounded above")]
                    { bits |= privileges[at].bit(); }
                    at += 1;
                }
                Self(bits)
            }

            pub const fn union(self, other: Self) -> Self {
                Self(self.0 | other.0)
            }

            pub const fn intersection(self, other: Self) -> Self {
                Self(self.0 & other.0)
            }

            /// The privileges in this set that are not in the other.
            pub const fn without(self, other: Self) -> Self {
                Self(self.0 & !other.0)
            }

            /// Whether the other set is a subset of this one.
            pub const fn contains(self, other: Self) -> bool {
                other.0 & !self.0 == 0
            }

            pub const fn is_empty(self) -> bool {
                self.0 == 0
            }

            pub const fn has(self, privilege: $kind) -> bool {
                self.0 & privilege.bit() != 0
            }

            /// In the order of the table.
            pub fn iter(self) -> impl Iterator<Item = $kind> {
                $kind::ALL.iter().copied().filter(move |privilege| self.has(*privilege))
            }
        }

        impl std::fmt::Debug for $set {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_set().entries(self.iter()).finish()
            }
        }

        impl FromIterator<$kind> for $set {
            fn from_iter<T: IntoIterator<Item = $kind>>(privileges: T) -> Self {
                privileges.into_iter().fold(Self::NONE, |set, one| Self(set.0 | one.bit()))
            }
        }

        $(
            impl can::$marker for can::$variant {
                const PRIVILEGE: $kind = $kind::$variant;
            }
        )+
    };
}

/// A type per privilege, for use in a handler's signature: `Allowed<can::Login>`.
pub mod can {
    use super::{AccountPrivilege, SystemPrivilege};

    /// A marker type for an account privilege.
    pub trait OnAccount: Send + Sync + 'static {
        /// The privilege it stands for.
        const PRIVILEGE: AccountPrivilege;
    }

    /// A marker type for a system privilege.
    pub trait OnSystem: Send + Sync + 'static {
        /// The privilege it stands for.
        const PRIVILEGE: SystemPrivilege;
    }

    macro_rules! markers {
        ($($name:ident),+) => { $(
            #[doc = concat!("The marker of the privilege `", stringify!($name), "`.")]
            #[derive(Debug)]
            pub struct $name;
        )+ };
    }
    markers!(
        View,
        Login,
        EditTwoFactorPassword,
        ViewTwoFactorPassword,
        ManageConnectionState,
        ManageSessions,
        RemoveAccount,
        ViewContacts,
        AddAccount,
        ApproveReveal,
        ReadAudit,
        ManageAccess
    );
}

privileges!(
    /// The privileges on an account. Without `view` no other counts.
    AccountPrivilege, AccountPrivileges, OnAccount,
    /// See that the account exists, and its status.
    View = "view",
    /// Log it in: request and submit codes, read login codes.
    Login = "login",
    /// Store its two-step password.
    EditTwoFactorPassword = "edit_two_factor_password",
    /// Read its stored two-step password.
    ViewTwoFactorPassword = "view_two_factor_password",
    /// Connect and disconnect its client.
    ManageConnectionState = "manage_connection_state",
    /// See and end its sessions on other devices.
    ManageSessions = "manage_sessions",
    /// Log it out and remove it.
    RemoveAccount = "remove_account",
    /// Read its stored contacts.
    ViewContacts = "view_contacts",
);

impl AccountPrivilege {
    /// Stored and granted like the others, but no feature uses them yet.
    const UNUSED: &'static [Self] = &[Self::ViewContacts];

    /// Whether a feature uses it. Pages offer only these.
    pub fn is_used(self) -> bool {
        !Self::UNUSED.contains(&self)
    }
}

privileges!(
    /// The privileges on the system.
    SystemPrivilege, SystemPrivileges, OnSystem,
    /// Add an account.
    AddAccount = "add_account",
    /// Approve another person's request to see a secret.
    ApproveReveal = "approve_reveal",
    /// Read the audit log.
    ReadAudit = "read_audit",
    /// Manage roles, groups and people.
    ManageAccess = "manage_access",
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_contain_their_members() {
        let set = AccountPrivileges::of(&[AccountPrivilege::View, AccountPrivilege::ViewContacts]);
        for privilege in AccountPrivilege::ALL {
            let expected = matches!(privilege, AccountPrivilege::View | AccountPrivilege::ViewContacts);
            assert_eq!(set.has(*privilege), expected, "{privilege:?}");
            assert!(AccountPrivileges::ALL.has(*privilege));
            assert!(!AccountPrivileges::NONE.has(*privilege));
            assert_eq!(AccountPrivilege::from_name(privilege.name()), Some(*privilege));
        }
    }
}
