//! Messages of requests that the layers reject.

use crate::config::SsoMode;
use crate::http::body::MAX_FIELDS;

pub const TOO_SLOW: &str = "The form didn't arrive in time, so it wasn't used. Send it again.";
pub const FILE_TOO_LARGE: &str =
    "The file is too large, so nothing was used of it. Split it into several files.";
pub const BROKEN_FORM: &str = "The form didn't arrive completely, so it wasn't used. Send it again.";
pub const CROSS_SITE_FORM: &str = "This request came from another site, so it was blocked.";
/// On a page that gets no live updates, because its reader has too many open.
pub const TOO_MANY_STREAMS: &str = "Too many open pages. This one won't update until you close another.";
pub const CROSS_SITE_READ: &str = "Other sites can't read this page.";

pub fn too_many_fields() -> String {
    format!("A form can have at most {MAX_FIELDS} fields. Nothing was changed. Send less.")
}

pub fn wrong_host(origin: &str) -> String {
    format!("This server's address is {origin}. Use that address.")
}

/// Why a request through a proxy is rejected while anyone can claim any address. None where people authenticate.
pub const fn through_proxy(mode: SsoMode) -> Option<&'static str> {
    match mode {
        SsoMode::Mock => Some(
            "With SSO_MODE=mock anyone can sign in as anyone, so requests that came through a proxy are blocked.",
        ),
        SsoMode::Disable => Some(
            "With SSO_MODE=disable everyone is the administrator, so requests that came through a proxy are blocked.",
        ),
        SsoMode::Cloudflare | SsoMode::Jwt | SsoMode::Oidc => None,
    }
}

pub fn sign_ins_from_address(limit: u32) -> String {
    format!(
        "Too many failed sign-ins: your network address is limited to {limit} a minute. Wait a minute, then try again."
    )
}

pub fn sessions_of_user(limit: u32) -> String {
    format!(
        "You started more than {limit} sessions within a minute, because your browser doesn't keep Telescope's cookie. \
         Allow cookies, then try again in a minute."
    )
}
