//! Why a sign-in through an OpenID provider fails. `web::words` has the sentences; the log has the details.

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OidcError {
    #[error("the provider does not answer, or not as the standard says")]
    Unavailable,
    #[error("no sign-in of this browser waits for this answer")]
    Stale,
    #[error("the provider or the person there declined")]
    Denied,
    #[error("the provider rejects the request itself")]
    Rejected,
    #[error("the provider's token is not valid")]
    InvalidToken,
    #[error("the provider sends no usable e-mail address")]
    NoEmail,
    #[error("the provider does not say that the person has just signed in there")]
    NotRecent,
    #[error("the person signed in there by another method than the settings demand")]
    Method,
}

/// Translates the provider's error code; RFC 6749 and OpenID Connect define a dozen.
pub(super) fn refusal(word: &str) -> OidcError {
    let word: String = word.chars().filter(char::is_ascii_graphic).take(60).collect();
    tracing::info!(word, "the identity provider denied a sign-in");
    match word.as_str() {
        "access_denied"
        | "login_required"
        | "interaction_required"
        | "consent_required"
        | "account_selection_required" => OidcError::Denied,
        "temporarily_unavailable" | "server_error" => OidcError::Unavailable,
        _ => OidcError::Rejected,
    }
}
