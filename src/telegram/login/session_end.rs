//! Why Telegram ended a session.

use crate::domain::SessionEndReason;

pub fn ending_of(reason: &str) -> SessionEndReason {
    match reason {
        // Telegram sends these both when a session is ended on another device and when its key is no longer known.
        "SESSION_REVOKED" | "AUTH_KEY_UNREGISTERED" => SessionEndReason::Revoked,
        "SESSION_EXPIRED" => SessionEndReason::Expired,
        "USER_DEACTIVATED" => SessionEndReason::Deactivated,
        "USER_DEACTIVATED_BAN" => SessionEndReason::Banned,
        "AUTH_KEY_DUPLICATED" => SessionEndReason::KeyDuplicated,
        _ => SessionEndReason::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn telegrams_reasons_are_translated() {
        for (reason, ending) in [
            ("SESSION_REVOKED", SessionEndReason::Revoked),
            ("AUTH_KEY_UNREGISTERED", SessionEndReason::Revoked),
            ("SESSION_EXPIRED", SessionEndReason::Expired),
            ("USER_DEACTIVATED", SessionEndReason::Deactivated),
            ("USER_DEACTIVATED_BAN", SessionEndReason::Banned),
            ("AUTH_KEY_DUPLICATED", SessionEndReason::KeyDuplicated),
            ("Main authorization key is invalid", SessionEndReason::Unknown),
            ("", SessionEndReason::Unknown),
        ] {
            assert_eq!(ending_of(reason), ending, "{reason}");
        }
    }
}
