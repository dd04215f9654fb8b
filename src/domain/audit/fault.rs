//! Why the trail can't be what it was, for the entry and the page that say so.

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
