//! The privileges, once: the table below makes the enums, the sets and the marker types of [`can`].
//!
//! A new privilege is one line here; the compiler then names every place that has to think about it.

/// Makes an enum of privileges, a `Copy` set of them, and one marker type each.
macro_rules! privileges {
    ($(#[$doc:meta])* $kind:ident, $set:ident, $marker:ident, $($(#[$each:meta])* $variant:ident = $name:literal),+ $(,)?) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $kind { $($(#[$each])* $variant),+ }

        impl $kind {
            /// Every one, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name in the database, in files and in the documentation.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name),+ }
            }

            /// The privilege of that name.
            pub fn from_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|privilege| privilege.name() == name)
            }

            const fn bit(self) -> u16 {
                1 << self as u16
            }
        }

        #[doc = concat!("A set of [`", stringify!($kind), "`]s: a plain value, copied, never shared.")]
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
        pub struct $set(u16);

        impl $set {
            /// No privilege.
            pub const NONE: Self = Self(0);
            /// Every privilege.
            pub const ALL: Self = Self($($kind::$variant.bit())|+);

            /// The set of these.
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

            /// Both sets together.
            pub const fn union(self, other: Self) -> Self {
                Self(self.0 | other.0)
            }

            /// What is in both sets.
            pub const fn intersection(self, other: Self) -> Self {
                Self(self.0 & other.0)
            }

            /// What is in this set and not in the other.
            pub const fn without(self, other: Self) -> Self {
                Self(self.0 & !other.0)
            }

            /// Whether everything in the other is in this one.
            pub const fn contains(self, other: Self) -> bool {
                other.0 & !self.0 == 0
            }

            /// Whether nothing is in it.
            pub const fn is_empty(self) -> bool {
                self.0 == 0
            }

            /// Whether it has that one.
            pub const fn has(self, privilege: $kind) -> bool {
                self.0 & privilege.bit() != 0
            }

            /// Its members, in the order of the table.
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

/// A type per privilege, to stand in a handler's signature: `Allowed<can::Login>`.
pub mod can {
    use super::{AccountPrivilege, SystemPrivilege};

    /// A marker that names a privilege on an account.
    pub trait OnAccount: Send + Sync + 'static {
        /// The privilege it stands for.
        const PRIVILEGE: AccountPrivilege;
    }

    /// A marker that names a privilege on the system.
    pub trait OnSystem: Send + Sync + 'static {
        /// The privilege it stands for.
        const PRIVILEGE: SystemPrivilege;
    }

    macro_rules! markers {
        ($($name:ident),+) => { $(
            #[doc = concat!("Stands for the privilege `", stringify!($name), "`.")]
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
    /// What one may do with an account. Without `view` no other counts.
    AccountPrivilege, AccountPrivileges, OnAccount,
    /// See that the account exists, and how it stands.
    View = "view",
    /// Get into it: ask for and provide codes, read login codes.
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
    /// Stored and granted like the others, but no feature asks for them yet.
    const UNUSED: &'static [Self] = &[Self::ManageSessions, Self::ViewContacts];

    /// Whether a feature asks for it. Pages offer no other.
    pub fn is_used(self) -> bool {
        !Self::UNUSED.contains(&self)
    }
}

privileges!(
    /// What one may do with the system.
    SystemPrivilege, SystemPrivileges, OnSystem,
    /// Add an account.
    AddAccount = "add_account",
    /// Approve another person's request to see a secret.
    ApproveReveal = "approve_reveal",
    /// Read the audit trail.
    ReadAudit = "read_audit",
    /// Arrange who may do what.
    ManageAccess = "manage_access",
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_hold_what_was_put_in() {
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
