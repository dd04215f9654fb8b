//! What is written down of what people do: one variant per kind of event, with what an auditor needs of it.
//!
//! An event never holds a secret: that a code was shown is written down, the code is not. Codes are stable
//! names; reports and alarms outside of Telescope depend on them, so a code is never changed or used anew.

mod access;
pub mod codes;
mod entry;
mod fault;
#[cfg(test)]
mod tests;

pub use access::AccessEvent;
pub use entry::{AuditEntry, Outcome};
pub use fault::{SignInDenied, TrailFault};

use super::reveal::RevealKind;
use super::{DesiredState, Email, Input, Phone};

/// Something that happened, or is about to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuditEvent {
    /// An account was added.
    AccountAdded {
        /// Its number.
        phone: Phone,
        /// Its owner.
        owner: Option<Email>,
    },
    /// People asked for an account to be connected, disconnected or removed.
    WantedChanged {
        /// What for.
        wanted: DesiredState,
    },
    /// Owner, comment or groups were edited.
    DetailsEdited {
        /// The owner from now on.
        owner: Option<Email>,
    },
    /// Telegram is asked for a login code.
    CodeAsked,
    /// A login code or two-step password is handed to Telegram.
    InputProvided {
        /// Which of them.
        input: Input,
    },
    /// A login code is shown to somebody.
    LoginCodeShown {
        /// Who approved that, if it took somebody.
        approved_by: Option<Email>,
    },
    /// A two-step password is stored.
    TwoStepPasswordStored,
    /// A stored two-step password is shown to somebody.
    TwoStepPasswordShown {
        /// Who approved that, if it took somebody.
        approved_by: Option<Email>,
    },
    /// Somebody asks another person to approve a look at a secret.
    RevealRequested {
        /// What.
        kind: RevealKind,
    },
    /// Somebody approves it.
    RevealApproved {
        /// What.
        kind: RevealKind,
        /// For whom.
        person: Email,
    },
    /// Somebody refuses it.
    RevealRefused {
        /// What.
        kind: RevealKind,
        /// To whom.
        person: Email,
    },
    /// The time of a request is over before it was refused or used.
    RevealExpired {
        /// What.
        kind: RevealKind,
        /// Whose.
        person: Email,
    },
    /// It was arranged whether the accounts of a group need approvals.
    GroupApprovalSet {
        /// The group, by its name.
        group: String,
        /// Whether they do from now on.
        needed: bool,
    },
    /// A session is ended at Telegram.
    SessionLoggedOut,
    /// A removal is told to go on though the session was not ended at Telegram.
    LogOutSkipped,
    /// A removal is told to try again.
    RemovalRetried,
    /// An account's folder is removed from the disk.
    FolderDestroyed,
    /// An account is removed: nothing of it is left but its history.
    AccountRemoved,
    /// A login came to another stage.
    StageChanged {
        /// The stage, by its name.
        stage: String,
    },
    /// Somebody signs in to Telescope.
    WebSignIn,
    /// Somebody whose identity is proven is not let in.
    SignInRefused {
        /// The address that the identity comes with.
        person: Email,
        /// Why.
        why: SignInDenied,
    },
    /// Somebody signs out of Telescope.
    WebSignOut,
    /// An administrator ends every session of a person.
    PersonSessionsEnded {
        /// Whose.
        person: Email,
    },
    /// A person is shut out.
    PersonDisabled {
        /// Who.
        person: Email,
    },
    /// A person is let in again.
    PersonEnabled {
        /// Who.
        person: Email,
    },
    /// A person has other roles, because the identity provider puts him into other groups.
    RolesByProvider {
        /// Who.
        person: Email,
        /// All roles that he has now.
        roles: Vec<String>,
    },
    /// A person becomes administrator.
    AdminGranted {
        /// Who.
        person: Email,
    },
    /// A person is administrator no longer.
    AdminRevoked {
        /// Who.
        person: Email,
    },
    /// The identities that were bound to a person are forgotten, so that another may be bound.
    IdentityForgotten {
        /// Whose.
        person: Email,
    },
    /// Who may do what is arranged otherwise.
    Access(AccessEvent),
    /// Telescope starts.
    Started {
        /// Its version.
        version: String,
    },
    /// Telescope stops in order.
    Stopped,
    /// The trail, or part of it, is taken out as a file.
    TrailExported {
        /// The kind of file.
        format: String,
        /// What had to fit, as in the address of the page; empty: everything.
        filter: String,
    },
    /// The details of old entries are taken out.
    DetailsBlanked {
        /// How many entries: before it is done those that have details, afterwards those that lost them.
        entries: u64,
        /// Entries before this moment.
        before: String,
    },
    /// Under a new master key it is written down what the entries before were, whose own key will be gone.
    TrailSealed {
        /// SHA-256 over the digests of all of them.
        seal: String,
    },
    /// At a start the trail did not lead through the end that the file `audit-head` knew of.
    TrailMismatch {
        /// What was wrong.
        fault: TrailFault,
        /// The end that the file knew of: its number and link.
        known: Option<String>,
        /// The number of the trail's last entry as it was found.
        found: i64,
    },
}

impl AuditEvent {
    /// Every code, for filters.
    pub const CODES: &'static [&'static str] = &[
        "account.added",
        "account.wanted",
        "account.edited",
        "login.code.asked",
        "login.input.provided",
        "login.code.shown",
        "password.stored",
        "password.shown",
        "reveal.requested",
        "reveal.approved",
        "reveal.refused",
        "reveal.expired",
        "group.approval",
        "session.logged-out",
        "account.removal.log-out-skipped",
        "account.removal.retried",
        "account.folder.destroyed",
        "account.removed",
        "account.stage",
        "web.sign-in",
        "web.sign-in.refused",
        "web.sign-out",
        "person.sessions.ended",
        "person.disabled",
        "person.enabled",
        "person.roles.provider",
        "person.admin.granted",
        "person.admin.revoked",
        "person.identity.forgotten",
        "role.added",
        "role.renamed",
        "role.deleted",
        "role.given",
        "role.taken",
        "role.group.privileges",
        "role.system.privileges",
        "group.added",
        "group.renamed",
        "group.deleted",
        "group.account.joined",
        "group.account.left",
        "telescope.started",
        "telescope.stopped",
        "audit.exported",
        Self::DETAILS_BLANKED,
        Self::TRAIL_SEALED,
        Self::TRAIL_MISMATCH,
    ];

    /// The code of [`AuditEvent::DetailsBlanked`], which verifying looks for.
    pub const DETAILS_BLANKED: &'static str = "audit.blanked";

    /// The code of [`AuditEvent::TrailSealed`], which verifying looks for.
    pub const TRAIL_SEALED: &'static str = "audit.sealed";

    /// The code of [`AuditEvent::TrailMismatch`], for which the trail's own page looks.
    pub const TRAIL_MISMATCH: &'static str = "audit.mismatch";

    /// The stable name of this kind of event.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::AccountAdded { .. } => "account.added",
            Self::WantedChanged { .. } => "account.wanted",
            Self::DetailsEdited { .. } => "account.edited",
            Self::CodeAsked => "login.code.asked",
            Self::InputProvided { .. } => "login.input.provided",
            Self::LoginCodeShown { .. } => "login.code.shown",
            Self::TwoStepPasswordStored => "password.stored",
            Self::TwoStepPasswordShown { .. } => "password.shown",
            Self::RevealRequested { .. } => "reveal.requested",
            Self::RevealApproved { .. } => "reveal.approved",
            Self::RevealRefused { .. } => "reveal.refused",
            Self::RevealExpired { .. } => "reveal.expired",
            Self::GroupApprovalSet { .. } => "group.approval",
            Self::SessionLoggedOut => "session.logged-out",
            Self::LogOutSkipped => "account.removal.log-out-skipped",
            Self::RemovalRetried => "account.removal.retried",
            Self::FolderDestroyed => "account.folder.destroyed",
            Self::AccountRemoved => "account.removed",
            Self::StageChanged { .. } => "account.stage",
            Self::WebSignIn => "web.sign-in",
            Self::SignInRefused { .. } => "web.sign-in.refused",
            Self::WebSignOut => "web.sign-out",
            Self::PersonSessionsEnded { .. } => "person.sessions.ended",
            Self::PersonDisabled { .. } => "person.disabled",
            Self::PersonEnabled { .. } => "person.enabled",
            Self::RolesByProvider { .. } => "person.roles.provider",
            Self::AdminGranted { .. } => "person.admin.granted",
            Self::AdminRevoked { .. } => "person.admin.revoked",
            Self::IdentityForgotten { .. } => "person.identity.forgotten",
            Self::Access(event) => event.code(),
            Self::Started { .. } => "telescope.started",
            Self::Stopped => "telescope.stopped",
            Self::TrailExported { .. } => "audit.exported",
            Self::DetailsBlanked { .. } => Self::DETAILS_BLANKED,
            Self::TrailSealed { .. } => Self::TRAIL_SEALED,
            Self::TrailMismatch { .. } => Self::TRAIL_MISMATCH,
        }
    }

    /// What else there is to say of it, as JSON. It may be blanked one day, for the sake of those named in it.
    pub fn details(&self) -> Option<String> {
        let details = match self {
            Self::AccountAdded { phone, owner } => {
                serde_json::json!({ "phone": phone.to_string(), "owner": owner })
            }
            Self::WantedChanged { wanted } => serde_json::json!({ "wanted": wanted.name() }),
            Self::DetailsEdited { owner } => serde_json::json!({ "owner": owner }),
            Self::InputProvided { input } => serde_json::json!({ "input": input.name() }),
            Self::StageChanged { stage } => serde_json::json!({ "stage": stage }),
            Self::PersonSessionsEnded { person }
            | Self::PersonDisabled { person }
            | Self::PersonEnabled { person }
            | Self::AdminGranted { person }
            | Self::AdminRevoked { person }
            | Self::IdentityForgotten { person } => serde_json::json!({ "person": person }),
            Self::SignInRefused { person, why } => {
                serde_json::json!({ "person": person, "why": why.name() })
            }
            Self::RolesByProvider { person, roles } => {
                serde_json::json!({ "person": person, "roles": roles })
            }
            Self::Access(event) => event.details(),
            Self::LoginCodeShown { approved_by } | Self::TwoStepPasswordShown { approved_by } => {
                serde_json::json!({ "approved_by": approved_by.as_ref()? })
            }
            Self::RevealRequested { kind } => serde_json::json!({ "kind": kind.name() }),
            Self::RevealApproved { kind, person }
            | Self::RevealRefused { kind, person }
            | Self::RevealExpired { kind, person } => {
                serde_json::json!({ "kind": kind.name(), "person": person })
            }
            Self::GroupApprovalSet { group, needed } => {
                serde_json::json!({ "group": group, "needed": needed })
            }
            Self::Started { version } => serde_json::json!({ "version": version }),
            Self::TrailExported { format, filter } => {
                serde_json::json!({ "format": format, "filter": filter })
            }
            Self::DetailsBlanked { entries, before } => {
                serde_json::json!({ "entries": entries, "before": before })
            }
            Self::TrailSealed { seal } => serde_json::json!({ "seal": seal }),
            Self::TrailMismatch { fault, known, found } => {
                serde_json::json!({ "fault": fault.name(), "known": known, "found": found })
            }
            Self::CodeAsked
            | Self::TwoStepPasswordStored
            | Self::SessionLoggedOut
            | Self::LogOutSkipped
            | Self::RemovalRetried
            | Self::FolderDestroyed
            | Self::AccountRemoved
            | Self::WebSignIn
            | Self::WebSignOut
            | Self::Stopped => return None,
        };
        Some(details.to_string())
    }
}
