//! What the sign-in pages say in each mode of single sign-on.

use crate::config::SsoMode;
use crate::sso::oidc::OidcError;

/// For a request without the required assertion: a title, and what to do.
pub const fn unidentified(mode: SsoMode) -> (&'static str, &'static str) {
    let message = match mode {
        SsoMode::Cloudflare => {
            "Cloudflare Access didn't identify you in this request. Reload the page. If that doesn't help, your \
             Cloudflare session has ended, or you didn't come through Cloudflare. Service tokens can't be used here."
        }
        SsoMode::Jwt => {
            "Your company's proxy didn't identify you in this request. Reload the page. If that doesn't help, your \
             session at the proxy has ended, or you didn't come through the proxy."
        }
        SsoMode::Disable | SsoMode::Mock | SsoMode::Oidc => {
            "Your access has been blocked. Ask an administrator."
        }
    };
    ("You aren't signed in", message)
}

/// How people sign in where there is no form.
pub const fn without_form(mode: SsoMode) -> &'static str {
    match mode {
        SsoMode::Cloudflare => {
            "You sign in with Cloudflare Access before you reach Telescope, and each page identifies you by it. To \
             switch users, sign out there first."
        }
        SsoMode::Jwt => {
            "You sign in at your company's proxy before you reach Telescope, and each page identifies you by it. To \
             switch users, sign out there first or close the browser."
        }
        SsoMode::Disable | SsoMode::Mock | SsoMode::Oidc => "Sign-in is off: everyone is the administrator.",
    }
}

pub const NO_FORM: &str = "You can't sign in with a form here.";

/// The identity provider's keys can't be fetched.
pub const NO_KEYS: &str = "Telescope can't reach your identity provider to verify who you are. Try again in a moment. The \
                           server's log has the cause.";

/// Why signing in with the identity provider failed.
pub const fn oidc(error: &OidcError) -> &'static str {
    match error {
        OidcError::Unavailable => {
            "Telescope can't reach your identity provider or doesn't understand its answer. Try again in a moment. People \
             who are signed in stay signed in."
        }
        OidcError::Stale => {
            "This sign-in link was already used, is older than ten minutes, or belongs to another browser. Sign in again."
        }
        OidcError::Denied => {
            "Your identity provider didn't allow you to sign in to Telescope, or you cancelled."
        }
        OidcError::Rejected => {
            "Your identity provider rejected Telescope's request. The server's log has the cause: contact your \
             administrator."
        }
        OidcError::InvalidToken => {
            "Your identity provider's answer couldn't be verified, so you weren't signed in. The server's log has the \
             cause: contact your administrator."
        }
        OidcError::NoEmail => {
            "Your identity provider didn't send an e-mail address that Telescope can use. Telescope needs one to \
             identify you."
        }
    }
}
