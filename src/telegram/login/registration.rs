//! Numbers that have no account yet. Telegram lets only its official apps register them, except in its test environment.

use tdlib_rs::types::AuthorizationStateWaitRegistration;

use crate::domain::Stage;

/// Characters of the terms of service that are shown.
const TERMS: usize = 4000;

pub(super) fn registration(wait: &AuthorizationStateWaitRegistration, is_test: bool) -> Stage {
    let is_shown = |c: &char| *c == '\n' || !c.is_control();
    let terms = wait.terms_of_service.text.text.chars().filter(is_shown).take(TERMS).collect();
    Stage::WaitRegistration { is_allowed: is_test, terms }
}
