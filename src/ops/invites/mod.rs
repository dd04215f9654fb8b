//! Invites: bringing an account in by the person who owns it.
//!
//! An invite has the authority of the person who created it, at the moment when it is used: if they may not invite people
//! any more, or may not put accounts into its groups, it is worth nothing.

mod authority;
mod begin;
mod create;
mod email;
mod finish;
mod link;
pub mod list;
mod number;

pub use authority::{manages, may_manage_group};
pub use begin::{Begun, Browser, begin, begin_own, find, has_begun, may_bring_own, of_browser, refuse};
pub use create::{NewInvite, create};
pub use email::send_link;
pub use finish::{end_overdue, finish_ready, run};
pub use link::{Link, renew, revoke, show_link};
pub use number::give_number;

use crate::domain::error::ErrorCode;
use crate::domain::invite::{Invite, InviteDenied};
use crate::ops::OpError;

/// The refusal of a link that can't be used.
fn denied(why: InviteDenied) -> OpError {
    OpError::Refused(ErrorCode::InviteUnusable { why })
}

/// Seconds in which invites are counted.
const DAY: i64 = 24 * 60 * 60;

/// How long invites are kept after they have expired, in seconds.
const KEPT: i64 = 30 * DAY;

/// Whether an invite is still as it was seen: the same link, browser and account.
fn is_current(invite: &Invite, seen: &Invite) -> bool {
    invite.turn == seen.turn && invite.browser == seen.browser && invite.account == seen.account
}
