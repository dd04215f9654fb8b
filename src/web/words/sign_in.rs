//! What the sign-in pages say in each mode of single sign-on.

use crate::config::SsoMode;
use crate::domain::access::Person;
use crate::domain::{Email, UnknownGroups};
use crate::ops::sign_in::RolesOutcome;
use crate::sso::oidc::OidcError;

/// For a request without the required assertion: a title, and what to do.
pub const fn unidentified(mode: SsoMode, renewable: bool) -> (&'static str, &'static str) {
    let message = match mode {
        SsoMode::Cloudflare => {
            "Cloudflare Access didn't identify you in this request. Reload the page. If that doesn't help, your \
             Cloudflare session has ended, or you didn't come through Cloudflare. Service tokens can't be used here."
        }
        SsoMode::Jwt if renewable => {
            "Your company's proxy didn't identify you in this request, or by a token that has expired. Sign in again. If \
             that doesn't help, you didn't come through the proxy, or clocks differ."
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

pub const ENDED: &str = "Your session has ended. Sign in again to continue where you were.";
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
        // Only confirmations ask for these.
        OidcError::NotRecent => "Your identity provider didn't report a new sign-in.",
        OidcError::Method => "You signed in by another method than required.",
        OidcError::NoEmail => {
            "Your identity provider didn't send an e-mail address that Telescope can use. Telescope needs one to \
             identify you."
        }
    }
}

/// What people have to know after they signed in with the identity provider, which reports the address `now`.
pub fn after_sign_in(person: &Person, now: &Email, roles: &RolesOutcome) -> Vec<String> {
    let email = &person.email;
    let address = match (person.verified, now == email) {
        (true, _) => None,
        (false, true) => Some(format!(
            "Your identity provider hasn't verified your e-mail address, {email}. Until it does, you can't use the \
             accounts that belong to this address, nor the rights of an administrator."
        )),
        (false, false) => Some(format!(
            "Telescope knows you as {email}, but your identity provider now reports {now}. You can't use the accounts of \
             either address, nor the rights of an administrator, until an administrator moves you to the new address."
        )),
    };
    address.into_iter().chain(lost_roles(roles)).collect()
}

fn lost_roles(roles: &RolesOutcome) -> Option<String> {
    match roles {
        RolesOutcome::Unchanged | RolesOutcome::Changed => None,
        RolesOutcome::Ended(roles) => Some(format!(
            "Your identity provider listed no groups for you, so you no longer have the roles that came from them: {}. \
             If that's wrong, contact your administrator.",
            roles.join(", ")
        )),
        RolesOutcome::Kept(UnknownGroups::TooMany) => Some(
            "You're in too many groups for your identity provider to list. The roles that come from them stay as they \
             were. If you lack one, contact your administrator."
                .into(),
        ),
        RolesOutcome::Kept(UnknownGroups::NoAnswer) => Some(
            "Your identity provider didn't say which groups you're in. The roles that come from them stay as they were. \
             If you lack one, sign in again later."
                .into(),
        ),
    }
}

/// On each page of a person whose address isn't proven.
pub fn unproven(email: &str) -> String {
    format!(
        "Your identity provider doesn't confirm your address {email}: it isn't verified there, or you have another one \
         by now. You can't use its accounts, nor the rights of an administrator. Sign in again once it's verified; if it \
         has changed, ask an administrator to move you to the new address."
    )
}
