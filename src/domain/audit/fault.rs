//! Why something is not as it should be: what entries of failures say beside their code.

/// Why the audit trail can't be what it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrailFault {
    /// The entry that was the last is missing.
    Shorter,
    /// There is another entry in its place.
    Other,
    /// The file that should say which was the last can't be read.
    Unreadable,
}

impl TrailFault {
    /// Every one.
    pub const ALL: &'static [Self] = &[Self::Shorter, Self::Other, Self::Unreadable];

    /// The name in the trail.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Shorter => "shorter",
            Self::Other => "other",
            Self::Unreadable => "unreadable",
        }
    }

    /// What it means, in a sentence.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Shorter => {
                "Entries at its end are missing. Somebody cut them off, or an older copy of the database was put back."
            }
            Self::Other => {
                "Where its last entry was stands another one. Somebody wrote it anew, or this is another database."
            }
            Self::Unreadable => {
                "The file audit-head, which says where it ended, was damaged. Whether entries are missing can't be told."
            }
        }
    }
}

/// Why somebody is not let in though his identity is proven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignInDenied {
    /// An administrator has shut him out.
    ShutOut,
    /// The address belongs to another identity of the same provider.
    OtherIdentity,
    /// The address is of a domain that the settings do not let in.
    OtherDomain,
    /// The provider has not verified the address, and nobody is known by this identity.
    Unverified,
}

impl SignInDenied {
    /// Every one.
    pub const ALL: &'static [Self] =
        &[Self::ShutOut, Self::OtherIdentity, Self::OtherDomain, Self::Unverified];

    /// The name in the trail.
    pub const fn name(self) -> &'static str {
        match self {
            Self::ShutOut => "shut-out",
            Self::OtherIdentity => "other-identity",
            Self::OtherDomain => "other-domain",
            Self::Unverified => "unverified",
        }
    }

    /// What it means, after "was not let in".
    pub const fn words(self) -> &'static str {
        match self {
            Self::ShutOut => "an administrator has shut this person out",
            Self::OtherIdentity => "the address belongs to another identity",
            Self::OtherDomain => "addresses of this domain may not sign in",
            Self::Unverified => "the address is not verified",
        }
    }
}
