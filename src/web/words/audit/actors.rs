//! The names of those who act.

/// Who acted, as pages say it.
pub fn actor(stored: &str) -> &str {
    let known = SYSTEM_ACTORS.iter().find(|(name, _)| *name == stored);
    known.map_or_else(|| stored.strip_prefix("system:").unwrap_or(stored), |(_, label)| label)
}

/// The stored name of an actor that a reader calls by its label; anything else as it is.
pub fn stored_actor(typed: &str) -> &str {
    let known = SYSTEM_ACTORS.iter().find(|(_, label)| label.eq_ignore_ascii_case(typed));
    known.map_or(typed, |(name, _)| name)
}

/// Actors other than people.
const SYSTEM_ACTORS: [(&str, &str); 12] = [
    ("command line", "Command line"),
    ("system:ADMIN_EMAILS", "Setting ADMIN_EMAILS"),
    ("system:audit", "Audit log"),
    ("system:identity-provider", "Identity provider"),
    ("system:invites", "Invite links"),
    ("system:remove-account", "Account removal"),
    ("system:retention", "Audit log retention"),
    ("system:reveals", "Approvals"),
    ("system:sign-in", "Sign-in"),
    ("system:stored-password", "Automatic password entry"),
    ("system:telegram", "Telegram"),
    ("system:telescope", "Telescope"),
];
