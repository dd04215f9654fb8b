//! What a mismatch between the audit log and its checkpoint means.

use crate::domain::audit::MismatchReason;

pub const fn mismatch(reason: MismatchReason) -> &'static str {
    match reason {
        MismatchReason::Shorter => {
            "Entries at its end are missing: they were deleted, or an older copy of the database was restored."
        }
        MismatchReason::Other => {
            "Its last entry was replaced by another one: it was rewritten, or this is another database."
        }
        MismatchReason::Missing => {
            "The checkpoint file audit-head was missing, so missing entries can't be noticed: it was deleted, or DATA_DIR \
             is another one."
        }
        MismatchReason::Unauthentic => {
            "The checkpoint file audit-head was not written by Telescope, so missing entries can't be noticed."
        }
        MismatchReason::Unreadable => {
            "The checkpoint file audit-head was damaged, so missing entries can't be noticed."
        }
    }
}
