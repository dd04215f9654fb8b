//! What each code means, for people and for programs that read exports. A code that is here stays for ever.

use super::AuditEvent;

/// Every code with what it tells of.
pub const MEANINGS: &[(&str, &str)] = &[
    ("account.added", "An account was added"),
    ("account.wanted", "An account is to be connected, disconnected or removed"),
    ("account.edited", "Owner, comment or groups of an account were edited"),
    ("login.code.asked", "Telegram is asked for a login code"),
    ("login.input.provided", "A login code or two-step password is given to Telegram"),
    ("login.code.shown", "A login code is shown to somebody"),
    ("password.stored", "A two-step password was stored"),
    ("password.shown", "A stored two-step password is shown to somebody"),
    ("reveal.requested", "Somebody asks another person to approve a look at a secret"),
    ("reveal.approved", "A request to see a secret was approved"),
    ("reveal.refused", "A request to see a secret was refused"),
    ("reveal.expired", "A request to see a secret was neither refused nor used in time"),
    ("group.approval", "Whether the accounts of a group need approvals was arranged"),
    ("session.logged-out", "A session is ended at Telegram"),
    ("account.removal.log-out-skipped", "A removal goes on without ending the session"),
    ("account.removal.retried", "A removal is tried again"),
    ("account.folder.destroyed", "An account's files are destroyed"),
    ("account.removed", "An account is removed"),
    ("account.stage", "An account's login came to another stage"),
    ("web.sign-in", "Somebody signed in to Telescope"),
    ("web.sign-in.refused", "Somebody whose identity is proven was not let in"),
    ("web.sign-out", "Somebody signed out of Telescope"),
    ("person.sessions.ended", "A person was signed out everywhere"),
    ("person.disabled", "A person was shut out"),
    ("person.enabled", "A person was let in again"),
    ("person.roles.provider", "A person's groups at the identity provider gave other roles"),
    ("person.admin.granted", "A person became administrator"),
    ("person.admin.revoked", "A person is administrator no longer"),
    ("person.identity.forgotten", "A person's identities were forgotten"),
    ("role.added", "A role was made"),
    ("role.renamed", "A role got another name"),
    ("role.deleted", "A role was deleted"),
    ("role.given", "A person got a role"),
    ("role.taken", "A person lost a role"),
    ("role.group.privileges", "What a role may do with the accounts of a group was changed"),
    ("role.system.privileges", "What a role may do with the system was changed"),
    ("group.added", "A group of accounts was made"),
    ("group.renamed", "A group of accounts got another name"),
    ("group.deleted", "A group of accounts was deleted"),
    ("group.account.joined", "An account came into a group"),
    ("group.account.left", "An account left a group"),
    ("telescope.started", "Telescope started"),
    ("telescope.stopped", "Telescope stopped in order"),
    ("audit.exported", "The audit trail is taken out as a file"),
    ("audit.blanked", "The details of old entries are taken out"),
    ("audit.sealed", "Under a new master key it is written down what the entries before were"),
    ("audit.mismatch", "The audit trail was found not to be what it was"),
];

/// What a code tells of; the code itself if a newer Telescope wrote it.
pub fn meaning(code: &str) -> &str {
    MEANINGS.iter().find(|(known, _)| *known == code).map_or(code, |(_, meaning)| meaning)
}

/// The first word of a code, which all of its kin share.
pub fn family(code: &str) -> &str {
    code.split('.').next().unwrap_or(code)
}

/// The codes that somebody names by one of them or by a family, as `person.*`. None if there are none.
pub fn named(wanted: &str) -> Option<Vec<String>> {
    let is_meant = |code: &&str| match wanted.strip_suffix(".*") {
        Some(wanted) => family(code) == wanted,
        None => *code == wanted,
    };
    let codes: Vec<String> = AuditEvent::CODES.iter().copied().filter(is_meant).map(str::to_owned).collect();
    (!codes.is_empty()).then_some(codes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_a_meaning_and_every_meaning_a_code() {
        let meant: Vec<&str> = MEANINGS.iter().map(|(code, _)| *code).collect();
        let mut codes = AuditEvent::CODES.to_vec();
        codes.retain(|code| !meant.contains(code));
        assert_eq!(codes, [""; 0], "say in MEANINGS what these tell of");
        assert_eq!(meant.len(), AuditEvent::CODES.len(), "each once, and none that is not written");
        assert!(MEANINGS.iter().all(|(_, meaning)| !meaning.ends_with('.') && meaning.len() > 10));
    }

    #[test]
    fn codes_are_named_by_one_or_by_their_family() {
        assert_eq!(named("web.sign-in"), Some(vec!["web.sign-in".to_owned()]));
        let people = named("person.*").unwrap();
        assert!(people.len() >= 6 && people.iter().all(|code| code.starts_with("person.")));
        for nothing in ["", "*", ".*", "person", "person.", "perso.*", "web.sign", "Web.sign-in"] {
            assert_eq!(named(nothing), None, "{nothing}");
        }
        assert_eq!(meaning("some.thing.new"), "some.thing.new");
    }
}
