//! The events of the audit log: one variant per kind of event, with the details that an auditor needs, never a secret: that
//! a code was shown is recorded, the code is not.
//!
//! A code is a stable name that reports and alerts depend on, so it is never changed or reused. Details may get more fields
//! if old entries, which lack them, can still be read.

pub mod codes;
mod define;
mod entry;
mod events;
mod fault;
mod reasons;
mod stored;
#[cfg(test)]
mod tests;

pub use entry::{AuditEntry, Outcome};
pub use events::{AuditEvent, AuditKind};
pub use fault::Fault;
pub use reasons::{ConfirmationDenied, ForeignRow, MismatchReason, SignInDenied};
