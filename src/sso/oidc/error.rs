//! Why a sign-in through an OpenID provider fails. The sentences are for people; the log has the details.

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OidcError {
    /// The provider does not answer, or not with what the standard says.
    #[error(
        "Telescope can't reach your identity provider, or doesn't understand its answer. Try again in a moment. People \
         who are signed in stay signed in."
    )]
    Unavailable,
    /// No sign-in of this browser waits for this answer.
    #[error(
        "This sign-in can't be completed: it was used before, it took longer than ten minutes, or it was started in \
         another browser. Sign in again."
    )]
    Stale,
    #[error("Your identity provider denied access to Telescope, or you cancelled there. You aren't signed in.")]
    Denied,
    /// The provider rejects the request itself.
    #[error(
        "Your identity provider rejected Telescope's request. The operator of Telescope finds the reason in its log."
    )]
    Rejected,
    #[error(
        "Telescope could not verify the answer of your identity provider, so you aren't signed in. The operator of \
         Telescope finds the reason in its log."
    )]
    InvalidToken,
    #[error(
        "Your identity provider gave no e-mail address that Telescope can use. Telescope knows people by their e-mail \
         address."
    )]
    NoEmail,
}
