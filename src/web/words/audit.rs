//! Audit events as sentences.

mod actors;
mod details;
mod mismatch;
mod reasons;
mod secrets;

use crate::domain::DesiredState;
use crate::domain::audit::{AuditEvent, AuditKind, Outcome};
use crate::web::words::{jobs, login, proxies, stages, two_step};
use crate::words::quoted;
pub use actors::{actor, stored_actor};
pub use details::beside;
pub use mismatch::mismatch;
use reasons::{denial, foreign_row, invite_denied, unconfirmed, unknown_groups};
use secrets::{approval, device, use_of};

/// An entry of the audit log as a sentence without its subject: "requested a login code".
pub fn sentence(event: &AuditEvent, outcome: Outcome) -> String {
    let words = describe(event);
    // The sentence contains the outcome already.
    if matches!(
        event,
        AuditEvent::SignInRefused { .. }
            | AuditEvent::ConfirmationRefused { .. }
            | AuditEvent::InviteRefused { .. }
    ) {
        return words;
    }
    match outcome {
        Outcome::Done => words,
        Outcome::Intent => format!("{words}: in progress"),
        Outcome::Failed => format!("{words}: failed"),
        Outcome::NotSent => format!("{words}: not sent"),
        Outcome::Unknown => format!("{words}: outcome unknown"),
    }
}

fn describe(event: &AuditEvent) -> String {
    match event {
        AuditEvent::AccountAdded { .. } => "added the account".into(),
        AuditEvent::DesiredStateSet { wanted } => match wanted {
            DesiredState::Connected | DesiredState::Disconnected => format!("set to {wanted}"),
            DesiredState::Removed => "set to be removed".into(),
        },
        AuditEvent::AccountEdited { .. } => "edited the owner, comment or groups".into(),
        AuditEvent::NumberCorrected { phone, before } => {
            format!("corrected the number from {before} to {phone}")
        }
        AuditEvent::CodeRequested => "requested a login code".into(),
        AuditEvent::CodeLimitLifted => "allowed more login codes for the number".into(),
        AuditEvent::LoginActionRequested { action } => login::requested(*action).into(),
        AuditEvent::InputSubmitted { input } => login::submitted(*input).into(),
        AuditEvent::LoginCodeShown { approved_by } => {
            format!("viewed a login code{}", approval(approved_by.as_ref()))
        }
        AuditEvent::EmergencyCodeShown => "viewed a login code without approval, in an emergency".into(),
        AuditEvent::DeviceLoggedIn { approved_by, new } => {
            format!("logged {} in by its QR code{}", device(new.as_ref()), approval(approved_by.as_ref()))
        }
        AuditEvent::EmergencyDeviceLoggedIn { new } => {
            format!("logged {} in by its QR code without approval, in an emergency", device(new.as_ref()))
        }
        AuditEvent::TwoStepPasswordStored => "stored a two-step password".into(),
        AuditEvent::TwoStepPasswordRemoved => "removed the stored two-step password".into(),
        AuditEvent::TwoStepPasswordChanged => "changed the two-step password at Telegram".into(),
        AuditEvent::TwoStepPasswordSettled { valid } => two_step::settled(*valid).into(),
        AuditEvent::TwoStepPasswordChecked => "checked the stored two-step password at Telegram".into(),
        AuditEvent::RecoveryEmailSet { email } => {
            format!("set {email} as the recovery address of the two-step password")
        }
        AuditEvent::RecoveryEmailConfirmed => {
            "confirmed the recovery address of the two-step password".into()
        }
        AuditEvent::RecoveryEmailCancelled => {
            "cancelled the new recovery address of the two-step password".into()
        }
        AuditEvent::PasswordResetCancelled => {
            "cancelled the removal of the two-step password at Telegram".into()
        }
        AuditEvent::TwoStepPasswordShown { approved_by } => {
            format!("viewed the stored two-step password{}", approval(approved_by.as_ref()))
        }
        AuditEvent::BotTokenStored => "stored the bot's token".into(),
        AuditEvent::BotTokenUsed => "logged the bot in with its stored token".into(),
        AuditEvent::BotTokenRemoved => "removed the bot's stored token".into(),
        AuditEvent::RevealRequested { kind } => format!("requested approval to {}", use_of(*kind)),
        AuditEvent::RevealApproved { kind, person } => {
            format!("approved the request of {person} to {}", use_of(*kind))
        }
        AuditEvent::RevealDeclined { kind, person } => {
            format!("declined the request of {person} to {}", use_of(*kind))
        }
        AuditEvent::RevealExpired { kind, person } => {
            format!("the request of {person} to {} expired", use_of(*kind))
        }
        AuditEvent::RevealWithdrawn { kind } => format!("withdrew the request to {}", use_of(*kind)),
        AuditEvent::RevealVoided { kind, person, approver } => {
            format!("ended the approval for {person} to {}: {approver} may no longer approve", use_of(*kind))
        }
        AuditEvent::GroupApprovalSet { group, needed: true } => {
            format!("required approval for accounts in {}", quoted(group))
        }
        AuditEvent::GroupApprovalSet { group, needed: false } => {
            format!("stopped requiring approval for accounts in {}", quoted(group))
        }
        AuditEvent::GroupEmergencySet { group, allowed: true } => {
            format!("allowed emergency access without approval in {}", quoted(group))
        }
        AuditEvent::GroupEmergencySet { group, allowed: false } => {
            format!("stopped allowing emergency access in {}", quoted(group))
        }
        AuditEvent::GroupConfirmationSet { group, needed: true } => {
            format!("required identity confirmation for accounts in {}", quoted(group))
        }
        AuditEvent::GroupConfirmationSet { group, needed: false } => {
            format!("stopped requiring identity confirmation for accounts in {}", quoted(group))
        }
        AuditEvent::DeviceAppeared { device, place, .. } => {
            format!("reported a new device: {}{}", quoted(device), from_place(place))
        }
        AuditEvent::DeviceGone { device, .. } => {
            format!("reported that a device is not signed in any more: {}", quoted(device))
        }
        AuditEvent::DeviceEnded { device, .. } => format!("ended the session of {}", quoted(device)),
        AuditEvent::OtherDevicesEnded { .. } => "ended the sessions of all other devices".into(),
        AuditEvent::DeviceConfirmed { device, .. } => format!("confirmed the device {}", quoted(device)),
        AuditEvent::IdleDaysSet { days } => format!("set unused sessions to end after {days} days"),
        AuditEvent::SessionLoggedOut => "ended the session at Telegram".into(),
        AuditEvent::LogOutSkipped => "continued the removal without ending the session".into(),
        AuditEvent::RemovalRetried => "retried the removal".into(),
        AuditEvent::FolderDestroyed => "deleted the account's files".into(),
        AuditEvent::AccountRemoved => "removed the account".into(),
        AuditEvent::StageChanged { stage } => format!("changed the status to “{}”", status(stage)),
        AuditEvent::InviteCreated { person, .. } => format!("invited {person}"),
        AuditEvent::InviteListStarted { invites, .. } => {
            format!("started to create {invites} invites from a list")
        }
        AuditEvent::JobStarted { action, lines, about, .. } => jobs::started(action, *lines, about.as_ref()),
        AuditEvent::JobStopped { lines, .. } => jobs::stopped(*lines),
        AuditEvent::JobRetried { lines, .. } => jobs::retried(*lines),
        AuditEvent::InviteListRetried => "retried creating invites from a list".into(),
        AuditEvent::InviteListStopped { left } => {
            format!("stopped creating invites from a list; {left} were not created")
        }
        AuditEvent::InviteListDownloaded { links } => {
            format!("downloaded {links} links of invites from a list")
        }
        AuditEvent::InviteLinkShown { person } => format!("viewed the invite link for {person} again"),
        AuditEvent::InviteEmailed { person } => format!("sent the invite link to {person} by e-mail"),
        AuditEvent::InviteRenewed { person } => format!("created a new invite link for {person}"),
        AuditEvent::InviteRevoked { person } => format!("revoked the invite for {person}"),
        AuditEvent::InviteOpened { person } => format!("gave consent and started the login for {person}"),
        AuditEvent::InviteDone { person } => format!("completed the invite for {person}"),
        AuditEvent::InviteRefused { why } => format!("an invite link was refused: {}", invite_denied(*why)),
        AuditEvent::WebSignIn => "signed in".into(),
        AuditEvent::SignInRefused { person, why } => format!("{person} was denied access: {}", denial(*why)),
        AuditEvent::IdentityConfirmed => "confirmed their identity".into(),
        AuditEvent::ConfirmationRefused { why } => {
            format!("didn't confirm their identity: {}", unconfirmed(*why))
        }
        AuditEvent::WebSignOut => "signed out".into(),
        AuditEvent::UserSessionsEnded { person } => format!("ended all sessions of {person}"),
        AuditEvent::UserBlocked { person } => format!("blocked {person}"),
        AuditEvent::UserUnblocked { person } => format!("unblocked {person}"),
        AuditEvent::RolesFromProvider { person, .. } => {
            format!("gave {person} the roles of their identity provider groups")
        }
        AuditEvent::ProviderRolesKept { person, why } => {
            format!("kept the roles of {person}: {}", unknown_groups(*why))
        }
        AuditEvent::AdminGranted { person } => format!("made {person} an administrator"),
        AuditEvent::AdminRevoked { person } => format!("removed administrator rights from {person}"),
        AuditEvent::IdentityUnlinked { person } => format!("unlinked the identity of {person}"),
        AuditEvent::IdentityReplaced { person } => {
            format!("replaced the identity of {person} with a new one")
        }
        AuditEvent::UserMoved { person, to, accounts: 0 } => format!("moved {person} to {to}"),
        AuditEvent::UserMoved { person, to, accounts: 1 } => {
            format!("moved {person} to {to}, with one account")
        }
        AuditEvent::UserMoved { person, to, accounts } => {
            format!("moved {person} to {to}, with {accounts} accounts")
        }
        AuditEvent::AttemptsLeftOut { attempts: 1 } => "left one refused attempt out of the audit log".into(),
        AuditEvent::AttemptsLeftOut { attempts } => {
            format!("left {attempts} refused attempts out of the audit log")
        }
        AuditEvent::ProxyAdded { proxy, .. } => format!("added the proxy {}", quoted(proxy)),
        AuditEvent::ProxyChanged { proxy, before, .. } if proxy != before => {
            format!("changed the proxy {}, now {}", quoted(before), quoted(proxy))
        }
        AuditEvent::ProxyChanged { proxy, .. } => format!("changed the proxy {}", quoted(proxy)),
        AuditEvent::ProxyRemoved { proxy } => format!("removed the proxy {}", quoted(proxy)),
        AuditEvent::ProxyTested { proxy, .. } => format!("tested the proxy {}", quoted(proxy)),
        AuditEvent::DefaultProxySet { proxy: Some(proxy) } => {
            format!("made {} the default proxy", quoted(proxy))
        }
        AuditEvent::DefaultProxySet { proxy: None } => "selected no default proxy".into(),
        AuditEvent::AccountProxySet { through, proxy } => {
            format!("made the account connect {}", proxies::through(*through, proxy.as_deref()))
        }
        AuditEvent::GroupProxySet { group, through, proxy } => {
            let through = proxies::through(*through, proxy.as_deref());
            format!("made the accounts in {} connect {through}", quoted(group))
        }
        AuditEvent::RoleAdded { role } => format!("created role {}", quoted(role)),
        AuditEvent::RoleRenamed { role, before } => {
            format!("renamed role {} to {}", quoted(before), quoted(role))
        }
        AuditEvent::RoleDeleted { role } => format!("deleted role {}", quoted(role)),
        AuditEvent::RoleGiven { role, person } => format!("gave {person} the role {}", quoted(role)),
        AuditEvent::RoleTaken { role, person } => format!("took the role {} from {person}", quoted(role)),
        AuditEvent::GroupPrivilegesSet { role, group, .. } => {
            format!("changed the permissions of role {} in group {}", quoted(role), quoted(group))
        }
        AuditEvent::SystemPrivilegesSet { role, .. } => {
            format!("changed the system permissions of role {}", quoted(role))
        }
        AuditEvent::GroupAdded { group } => format!("created group {}", quoted(group)),
        AuditEvent::GroupRenamed { group, before } => {
            format!("renamed group {} to {}", quoted(before), quoted(group))
        }
        AuditEvent::GroupDeleted { group } => format!("deleted group {}", quoted(group)),
        AuditEvent::AccountJoinedGroup { group } => format!("added the account to group {}", quoted(group)),
        AuditEvent::AccountLeftGroup { group } => format!("removed the account from group {}", quoted(group)),
        AuditEvent::AccessSealed { rows } => {
            format!("signed {rows} access rules that an earlier version stored")
        }
        AuditEvent::OwnersSealed { rows } => {
            format!(
                "signed {rows} owners, accounts in groups and approval settings that an earlier version stored"
            )
        }
        AuditEvent::ConfirmationsSealed { rows } => {
            format!("signed {rows} waived identity confirmations that an earlier version stored")
        }
        AuditEvent::ForeignRowRemoved { row, what } => {
            format!("removed {} added directly to the database: {what}", foreign_row(*row))
        }
        AuditEvent::ForeignChange { .. } => {
            "found that access rules were changed in the database, not by Telescope".into()
        }
        AuditEvent::Started { version } => format!("started version {version}"),
        AuditEvent::Stopped => "stopped".into(),
        AuditEvent::AuditExported { format, .. } => format!("exported the audit log as {format}"),
        AuditEvent::DetailsBlanked { entries, before } => {
            format!("removed the details of {entries} entries before {}", before.get(..10).unwrap_or(before))
        }
        AuditEvent::AuditSealed { .. } => "sealed the earlier entries under a new master key".into(),
        AuditEvent::MismatchAcknowledged { entry } => format!("acknowledged the mismatch of entry {entry}"),
        AuditEvent::AuditMismatch { .. } => "found that the audit log does not match its checkpoint".into(),
        // Without its details, or of a newer version.
        AuditEvent::Unknown { code, .. } => {
            AuditKind::from_code(code).map_or_else(|| code.clone(), |kind| kind.meaning().to_owned())
        }
    }
}

/// What a stored stage is called on the pages.
fn status(stage: &str) -> String {
    stages::label_of(stage).map_or_else(|| stage.replace('-', " "), str::to_owned)
}

/// The outcome of an event as a label.
pub const fn outcome(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Done => "Done",
        Outcome::Intent => "In progress",
        Outcome::Failed => "Failed",
        Outcome::NotSent => "Not sent",
        Outcome::Unknown => "Unknown",
    }
}

fn from_place(place: &str) -> String {
    if place.is_empty() { String::new() } else { format!(" from {}", quoted(place)) }
}

#[cfg(test)]
mod tests;
