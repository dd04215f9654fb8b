//! What verifying the audit log finds.

/// Something wrong with the audit log. Numbers are those of entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// An entry's fields are not those it was written with.
    Changed(i64),
    /// An entry does not follow from the one before it: it was forged or reordered.
    Unlinked(i64),
    /// An entry's details were removed without a record.
    Blanked(i64),
    /// Neither a key nor a seal authenticates the entries up to this number.
    Unchecked(i64),
    /// The entries from the first to the last number are missing.
    Missing(i64, i64),
    /// There is an entry after the head.
    Surplus(i64),
    /// The stored head is not the last entry.
    Head,
    /// An entry has a value that can't be read.
    Unreadable(i64, String),
    /// The log was found not to match its checkpoint.
    Unacknowledged(i64),
    /// There is no checkpoint.
    NoCheckpoint,
    /// The checkpoint was not written by Telescope.
    ForgedCheckpoint,
    /// The log does not contain its checkpoint: entries were deleted at its end, or rewritten.
    Cut(i64),
}
