//! The list of events: code, meaning and details of each.

use super::{ConfirmationDenied, ForeignRow, MismatchReason, SignInDenied};
use crate::domain::invite::InviteDenied;
use crate::domain::job::JobKind;
use crate::domain::privilege::{AccountPrivileges, SystemPrivileges};
use crate::domain::proxy::Egress;
use crate::domain::reveal::RevealKind;
use crate::domain::stage::LoginAction;
use crate::domain::two_step::OpeningPassword;
use crate::domain::{DesiredState, Email, Identifier, Input, NewDevice, Phone, ProxyKind, UnknownGroups};

super::define::audit_events! {
    /// An account was added
    "account.added" => AccountAdded {
        // Named before there were bots.
        phone: Identifier,
        owner: Option<Email>,
    },
    /// The desired state of an account was set: connected, disconnected or removed
    "account.wanted" => DesiredStateSet { wanted: DesiredState },
    /// The owner, comment or groups of an account were edited
    "account.edited" => AccountEdited { owner: Option<Email> },
    /// The number of an account that was never logged in was corrected
    "account.number.corrected" => NumberCorrected { phone: Phone, before: Phone },
    /// A login code was requested from Telegram
    "login.code.asked" => CodeRequested,
    /// More login codes were allowed for a number than the limit of a day
    "login.code.limit-lifted" => CodeLimitLifted,
    /// Something other than a code was requested from Telegram in a login
    "login.action" => LoginActionRequested { action: LoginAction },
    /// An input of a login, such as a code or a password, was submitted to Telegram
    "login.input.provided" => InputSubmitted { input: Input },
    /// A login code was viewed
    "login.code.shown" => LoginCodeShown {
        #[serde(skip_serializing_if = "Option::is_none")]
        approved_by: Option<Email>,
    },
    /// A login code was viewed without approval, in an emergency
    "login.code.emergency" => EmergencyCodeShown,
    /// A device was logged in by its QR code
    "login.device.logged-in" => DeviceLoggedIn {
        #[serde(skip_serializing_if = "Option::is_none")]
        approved_by: Option<Email>,
        // Which one, once Telegram has said so.
        #[serde(flatten)]
        new: Option<NewDevice>,
    },
    /// A device was logged in by its QR code without approval, in an emergency
    "login.device.emergency" => EmergencyDeviceLoggedIn {
        #[serde(flatten)]
        new: Option<NewDevice>,
    },
    /// A two-step password was stored
    "password.stored" => TwoStepPasswordStored,
    /// A stored two-step password was removed
    "password.removed" => TwoStepPasswordRemoved,
    /// The two-step password was changed at Telegram
    "password.changed" => TwoStepPasswordChanged,
    /// After a change without a known outcome: which two-step password is valid
    "password.settled" => TwoStepPasswordSettled { valid: OpeningPassword },
    /// It was checked whether the stored two-step password is valid
    "password.checked" => TwoStepPasswordChecked,
    /// An address for recovering the two-step password was set, and has to be confirmed
    "password.recovery-email.set" => RecoveryEmailSet { email: Email },
    /// That address was confirmed
    "password.recovery-email.confirmed" => RecoveryEmailConfirmed,
    /// That address was given up before it was confirmed
    "password.recovery-email.cancelled" => RecoveryEmailCancelled,
    /// A request to Telegram to remove the two-step password was cancelled
    "password.reset.cancelled" => PasswordResetCancelled,
    /// A stored two-step password was viewed
    "password.shown" => TwoStepPasswordShown {
        #[serde(skip_serializing_if = "Option::is_none")]
        approved_by: Option<Email>,
    },
    /// The token of a bot was stored
    "bot.token.stored" => BotTokenStored,
    /// A bot was logged in with its stored token
    "bot.token.used" => BotTokenUsed,
    /// The stored token of a bot was removed
    "bot.token.removed" => BotTokenRemoved,
    /// Approval to view a secret was requested
    "reveal.requested" => RevealRequested { kind: RevealKind },
    /// A request to view a secret was approved
    "reveal.approved" => RevealApproved { kind: RevealKind, person: Email },
    /// A request to view a secret was declined
    "reveal.refused" => RevealDeclined { kind: RevealKind, person: Email },
    /// A request to view a secret expired before it was declined or used
    "reveal.expired" => RevealExpired { kind: RevealKind, person: Email },
    /// A request to view a secret was withdrawn
    "reveal.withdrawn" => RevealWithdrawn { kind: RevealKind },
    /// An approval ended because its approver lost the permission
    "reveal.voided" => RevealVoided { kind: RevealKind, person: Email, approver: Email },
    /// Approval was required for the accounts of a group, or no longer required
    "group.approval" => GroupApprovalSet { group: String, needed: bool },
    /// Emergency access without approval was allowed for the accounts of a group, or no longer allowed
    "group.emergency" => GroupEmergencySet { group: String, allowed: bool },
    /// Identity confirmation was required for the accounts of a group, or no longer required
    "group.confirmation" => GroupConfirmationSet { group: String, needed: bool },
    /// A new device signed in to an account
    "device.appeared" => DeviceAppeared {
        device: String, address: String, place: String, system: String, official: bool,
    },
    /// The session of a device was over
    "device.gone" => DeviceGone { device: String, address: String, place: String },
    /// The session of a device was ended
    "device.ended" => DeviceEnded { device: String, address: String, place: String },
    /// The sessions of all other devices were ended
    "device.others-ended" => OtherDevicesEnded { devices: u64 },
    /// A new device was confirmed
    "device.confirmed" => DeviceConfirmed { device: String, address: String, place: String },
    /// The days were set after which sessions that are not used end
    "device.idle-days" => IdleDaysSet { days: u32 },
    /// A session was ended at Telegram
    "session.logged-out" => SessionLoggedOut,
    /// A removal was continued without ending the session
    "account.removal.log-out-skipped" => LogOutSkipped,
    /// A removal was retried
    "account.removal.retried" => RemovalRetried,
    /// An account's files were deleted
    "account.folder.destroyed" => FolderDestroyed,
    /// An account was removed
    "account.removed" => AccountRemoved,
    /// The login status of an account changed
    "account.stage" => StageChanged { stage: String },
    /// An invite was created
    "invite.created" => InviteCreated {
        person: Email, phone: Option<Phone>, groups: Vec<String>, hours: i64,
    },
    /// Creating invites from a list was started
    "invite.list.started" => InviteListStarted { invites: u64, hours: u32 },
    /// Creating invites from a list was retried
    "invite.list.retried" => InviteListRetried,
    /// Creating invites from a list was stopped
    "invite.list.stopped" => InviteListStopped { left: u64 },
    /// The links of a list's invites were downloaded
    "invite.list.downloaded" => InviteListDownloaded { links: u64 },
    /// A bulk task was started
    "job.started" => JobStarted {
        job: JobKind, action: String, lines: u64,
        #[serde(skip_serializing_if = "Option::is_none")]
        about: Option<Email>,
    },
    /// A bulk task was stopped
    "job.stopped" => JobStopped { job: JobKind, lines: u64 },
    /// A bulk task was retried
    "job.retried" => JobRetried { job: JobKind, lines: u64 },
    /// The link of an invite was shown again
    "invite.link.shown" => InviteLinkShown { person: Email },
    /// The link of an invite was sent by e-mail
    "invite.emailed" => InviteEmailed { person: Email },
    /// An invite got a new link
    "invite.renewed" => InviteRenewed { person: Email },
    /// An invite was revoked
    "invite.revoked" => InviteRevoked { person: Email },
    /// A person began with an invite, with consent to what the organisation can do
    "invite.opened" => InviteOpened { person: Email },
    /// An account was brought in with an invite
    "invite.done" => InviteDone { person: Email },
    /// An invite link was refused
    "invite.refused" => InviteRefused { why: InviteDenied },
    /// A person signed in to Telescope
    "web.sign-in" => WebSignIn,
    /// A person with a proven identity was denied access
    "web.sign-in.refused" => SignInRefused { person: Email, why: SignInDenied },
    /// A person confirmed their identity
    "web.confirmation" => IdentityConfirmed,
    /// A confirmation of a person's identity was refused
    "web.confirmation.refused" => ConfirmationRefused { why: ConfirmationDenied },
    /// A person signed out of Telescope
    "web.sign-out" => WebSignOut,
    /// All sessions of a person were ended
    "person.sessions.ended" => UserSessionsEnded { person: Email },
    /// A person was blocked
    "person.disabled" => UserBlocked { person: Email },
    /// A person was unblocked
    "person.enabled" => UserUnblocked { person: Email },
    /// The identity provider's groups changed the roles of a person
    "person.roles.provider" => RolesFromProvider { person: Email, roles: Vec<String> },
    /// The identity provider did not list the groups of a person, whose roles stayed
    "person.roles.kept" => ProviderRolesKept { person: Email, why: UnknownGroups },
    /// A person became an administrator
    "person.admin.granted" => AdminGranted { person: Email },
    /// A person's administrator rights were removed
    "person.admin.revoked" => AdminRevoked { person: Email },
    /// The identities of a person were unlinked
    "person.identity.forgotten" => IdentityUnlinked { person: Email },
    /// A person came with another identity, which took the place of the former
    "person.identity.replaced" => IdentityReplaced { person: Email },
    /// A person was moved to another address, with their roles and accounts
    "person.moved" => UserMoved {
        // The address before.
        person: Email,
        to: Email,
        // How many accounts changed their owner with it.
        accounts: u64,
    },
    /// Refused attempts were left out of the audit log, since there were too many
    "attempts.left-out" => AttemptsLeftOut { attempts: u64 },
    /// A proxy for connections to Telegram was added
    "proxy.added" => ProxyAdded { proxy: String, protocol: ProxyKind, address: String },
    /// A proxy was changed
    "proxy.changed" => ProxyChanged {
        proxy: String,
        before: String,
        protocol: ProxyKind,
        address: String,
        // Whether it got another password or secret.
        secret: bool,
    },
    /// A proxy was removed
    "proxy.removed" => ProxyRemoved { proxy: String },
    /// A proxy was tested
    "proxy.tested" => ProxyTested { proxy: String, protocol: ProxyKind, address: String },
    /// The default proxy was selected, or none
    "proxy.default" => DefaultProxySet { proxy: Option<String> },
    /// What an account connects through was selected
    "proxy.account" => AccountProxySet { through: Egress, proxy: Option<String> },
    /// What the accounts of a group connect through was selected
    "proxy.group" => GroupProxySet { group: String, through: Egress, proxy: Option<String> },
    /// A role was created
    "role.added" => RoleAdded { role: String },
    /// A role was renamed
    "role.renamed" => RoleRenamed { role: String, before: String },
    /// A role was deleted
    "role.deleted" => RoleDeleted { role: String },
    /// A person was given a role
    "role.given" => RoleGiven { role: String, person: Email },
    /// A role was taken from a person
    "role.taken" => RoleTaken { role: String, person: Email },
    /// The permissions of a role on the accounts of a group were changed
    "role.group.privileges" => GroupPrivilegesSet {
        role: String, group: String, now: AccountPrivileges, before: AccountPrivileges,
    },
    /// The system permissions of a role were changed
    "role.system.privileges" => SystemPrivilegesSet {
        role: String, now: SystemPrivileges, before: SystemPrivileges,
    },
    /// A group was created
    "group.added" => GroupAdded { group: String },
    /// A group was renamed
    "group.renamed" => GroupRenamed { group: String, before: String },
    /// A group was deleted
    "group.deleted" => GroupDeleted { group: String },
    /// An account was added to a group
    "group.account.joined" => AccountJoinedGroup { group: String },
    /// An account was removed from a group
    "group.account.left" => AccountLeftGroup { group: String },
    /// Access that was given before there were proofs of it was proven
    "access.sealed" => AccessSealed { rows: u64 },
    /// Owners, accounts in groups and approval settings from before there were proofs of them were proven
    "access.owners-sealed" => OwnersSealed { rows: u64 },
    /// Waived identity confirmations from before there were proofs of them were proven
    "access.confirmations-sealed" => ConfirmationsSealed { rows: u64 },
    /// Access that was added directly to the database was removed
    // What: whom or what it would have given access.
    "access.foreign-row" => ForeignRowRemoved { row: ForeignRow, what: String },
    /// Access rules were changed in the database, not by Telescope
    // The version of the rules that Telescope left behind, and the one that was found.
    "access.foreign-change" => ForeignChange { before: i64, found: i64 },
    /// Telescope started
    "telescope.started" => Started { version: String },
    /// Telescope stopped in order
    "telescope.stopped" => Stopped,
    /// The audit log, or part of it, was exported
    // Filter: the query string of the page; empty for everything.
    "audit.exported" => AuditExported { format: String, filter: String },
    /// The details of old entries were removed
    // Entries: in an intent, how many have details; in an outcome, how many lost them.
    "audit.blanked" => DetailsBlanked { entries: u64, before: String },
    /// Earlier entries were sealed under a new master key
    // SHA-256 over the digests of the sealed entries.
    "audit.sealed" => AuditSealed { seal: String },
    /// The audit log did not match its checkpoint
    "audit.mismatch" => AuditMismatch {
        #[serde(rename = "fault")]
        reason: MismatchReason,
        // The checkpoint: the number of an entry and its MAC.
        known: Option<String>,
        // The number of the last entry found in the log.
        found: i64,
    },
    /// An administrator acknowledged that the audit log did not match its checkpoint
    "audit.acknowledged" => MismatchAcknowledged {
        // The number of the entry that says so; it and those before it are acknowledged.
        entry: i64,
    },
}
