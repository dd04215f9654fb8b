//! The codes of audit entries. Alerts and reports outside Telescope depend on them, and they stay in the chain, so a code
//! that was ever written is never renamed, removed or reused.

use std::collections::BTreeSet;

use telescope::domain::audit::AuditKind;

/// Every code that any version has written. Lines may be added, but never changed or removed.
const FROZEN: &[&str] = &[
    "access.confirmations-sealed",
    "access.foreign-change",
    "access.foreign-row",
    "access.owners-sealed",
    "access.sealed",
    "account.added",
    "account.edited",
    "account.folder.destroyed",
    "account.number.corrected",
    "account.removal.log-out-skipped",
    "account.removal.retried",
    "account.removed",
    "account.stage",
    "account.wanted",
    "attempts.left-out",
    "audit.acknowledged",
    "audit.blanked",
    "audit.exported",
    "audit.mismatch",
    "audit.sealed",
    "bot.token.removed",
    "bot.token.stored",
    "bot.token.used",
    "device.appeared",
    "device.confirmed",
    "device.ended",
    "device.gone",
    "device.idle-days",
    "device.others-ended",
    "group.account.joined",
    "group.account.left",
    "group.added",
    "group.approval",
    "group.confirmation",
    "group.deleted",
    "group.emergency",
    "group.renamed",
    "invite.created",
    "invite.done",
    "invite.emailed",
    "invite.link.shown",
    "invite.list.downloaded",
    "invite.list.retried",
    "invite.list.started",
    "invite.list.stopped",
    "invite.opened",
    "invite.refused",
    "invite.renewed",
    "invite.revoked",
    "job.retried",
    "job.started",
    "job.stopped",
    "login.action",
    "login.code.asked",
    "login.code.emergency",
    "login.code.limit-lifted",
    "login.code.shown",
    "login.device.emergency",
    "login.device.logged-in",
    "login.input.provided",
    "password.changed",
    "password.checked",
    "password.recovery-email.cancelled",
    "password.recovery-email.confirmed",
    "password.recovery-email.set",
    "password.removed",
    "password.reset.cancelled",
    "password.settled",
    "password.shown",
    "password.stored",
    "person.admin.granted",
    "person.admin.revoked",
    "person.disabled",
    "person.enabled",
    "person.identity.forgotten",
    "person.identity.replaced",
    "person.moved",
    "person.roles.kept",
    "person.roles.provider",
    "person.sessions.ended",
    "proxy.account",
    "proxy.added",
    "proxy.changed",
    "proxy.default",
    "proxy.group",
    "proxy.removed",
    "proxy.tested",
    "reveal.approved",
    "reveal.expired",
    "reveal.refused",
    "reveal.requested",
    "reveal.voided",
    "reveal.withdrawn",
    "role.added",
    "role.deleted",
    "role.given",
    "role.group.privileges",
    "role.renamed",
    "role.system.privileges",
    "role.taken",
    "session.logged-out",
    "telescope.started",
    "telescope.stopped",
    "web.confirmation",
    "web.confirmation.refused",
    "web.sign-in",
    "web.sign-in.refused",
    "web.sign-out",
];

#[test]
fn codes_are_never_removed() {
    let written: BTreeSet<&str> = AuditKind::ALL.iter().map(|kind| kind.code()).collect();
    let frozen: BTreeSet<&str> = FROZEN.iter().copied().collect();
    let lost: Vec<_> = frozen.difference(&written).collect();
    assert!(lost.is_empty(), "these codes are in audit logs and must not be removed: {lost:?}");
    let new: Vec<_> = written.difference(&frozen).collect();
    assert!(new.is_empty(), "add these codes to the frozen ones: {new:?}");
    assert!(FROZEN.is_sorted() && written.len() == AuditKind::ALL.len());
    let plain =
        |code: &&str| code.bytes().all(|byte| byte.is_ascii_lowercase() || matches!(byte, b'.' | b'-'));
    assert!(FROZEN.iter().all(|code| plain(code) && code.contains('.')));
}

/// The sentences are an exhaustive match, which has its own tests.
#[test]
fn each_code_has_a_meaning_and_words() {
    let meanings: BTreeSet<&str> = AuditKind::ALL.iter().map(|kind| kind.meaning()).collect();
    assert_eq!(meanings.len(), AuditKind::ALL.len(), "no two codes have the same meaning");
    assert!(meanings.iter().all(|meaning| meaning.len() > 10 && !meaning.ends_with('.')), "{meanings:?}");
}
