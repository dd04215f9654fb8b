//! What pages say about confirming one's identity.

use crate::sso::oidc::OidcError;
use crate::web::words::access::applies_to;
use crate::words::quoted;

/// Why the identity provider's answer confirms nothing.
pub const fn oidc(error: &OidcError) -> &'static str {
    match error {
        OidcError::Unavailable => {
            "Telescope can't reach your identity provider or doesn't understand its answer. Try again in a moment."
        }
        OidcError::Stale => {
            "This link was already used, is older than ten minutes, or belongs to another session. Confirm again."
        }
        OidcError::Denied => {
            "Your identity provider didn't confirm your identity, or you cancelled. Nothing was changed."
        }
        OidcError::Rejected => {
            "Your identity provider rejected Telescope's request. The server's log has the cause: contact your \
             administrator."
        }
        OidcError::InvalidToken | OidcError::NoEmail => {
            "Your identity provider's answer couldn't be verified, so it confirms nothing. The server's log has the \
             cause: contact your administrator."
        }
        OidcError::NotRecent => {
            "Your identity provider didn't report that you signed in again just now, so your identity isn't confirmed. \
             Try again, and enter your password there. If that doesn't help, contact your administrator: the provider \
             has to send auth_time."
        }
        OidcError::Method => {
            "You signed in at your identity provider by another method than your organisation requires here, so your \
             identity isn't confirmed. Try again with the required method, such as your second factor."
        }
    }
}

/// How people confirm their identity behind a proxy. `linked` is whether a button leads to its sign-out page.
pub const fn at_proxy(linked: bool) -> &'static str {
    match linked {
        true => {
            "Sign out at your company's proxy, sign in again, and come back to this page. A sign-in there counts for five \
             minutes."
        }
        false => {
            "Sign out at your company's proxy or close the browser, sign in again, and come back to this page. A sign-in \
             there counts for five minutes."
        }
    }
}

pub const IMPOSSIBLE: &str = "Identity can't be confirmed with the present SSO_MODE. Ask an administrator to stop requiring it \
                              for the account's groups.";
pub const NO_FORM: &str = "You can't confirm your identity with a form here.";

pub fn question(group: &str, needed: bool) -> String {
    match needed {
        true => format!("Require identity confirmation for the accounts in {}?", quoted(group)),
        false => format!("Stop requiring identity confirmation for the accounts in {}?", quoted(group)),
    }
}

pub const fn button(needed: bool) -> &'static str {
    if needed { "Require identity confirmation" } else { "Stop requiring identity confirmation" }
}

/// What will happen, a sentence each. `accounts` are those that the reader can see.
pub fn effects(needed: bool, accounts: usize) -> Vec<String> {
    let secrets = match needed {
        true => {
            "Before login codes and stored passwords are shown, people confirm their identity by signing in again. This \
             applies to admins and owners as well. A confirmation lasts five minutes."
        }
        false => {
            "Login codes and stored passwords are shown without identity confirmation, unless another group of the \
             account requires it."
        }
    };
    vec![applies_to(accounts), secrets.to_owned()]
}
