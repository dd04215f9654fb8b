//! What is wrong with the audit log.

use crate::domain::audit::Fault;

pub fn fault(fault: &Fault) -> String {
    match fault {
        Fault::Changed(entry) => format!("entry {entry} was changed"),
        Fault::Unlinked(entry) => format!("entry {entry} does not follow from the one before it"),
        Fault::Blanked(entry) => {
            format!("the details of entry {entry} were removed, and no entry records who removed them")
        }
        Fault::Unchecked(entry) => format!(
            "entries 1 to {entry} were written under a key that is not in the settings, and no seal covers them; with \
             that key as TWO_FACTOR_ENCRYPTION_KEY_OLD they can be checked"
        ),
        Fault::Missing(first, last) => format!("entries {first} to {last} are missing"),
        Fault::Surplus(entry) => format!("entry {entry} is after the end of the audit log"),
        Fault::Head => "the recorded end of the audit log is not its last entry".into(),
        Fault::Unreadable(entry, reason) => format!("entry {entry} can't be read: {reason}"),
        Fault::Unacknowledged(entry) => format!(
            "entry {entry} says that the audit log did not match its checkpoint, and no administrator has acknowledged \
             that on its page"
        ),
        Fault::NoCheckpoint => {
            "the file audit-head is missing, so entries missing at the end of the audit log can't be noticed".into()
        }
        Fault::ForgedCheckpoint => {
            "the checkpoint was not written by Telescope, so entries missing at the end of the audit log can't be \
             noticed"
                .into()
        }
        Fault::Cut(entry) => format!("the audit log does not lead through its checkpoint, entry {entry}"),
    }
}
