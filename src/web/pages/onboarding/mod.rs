//! Bringing an account in: pages for people with a link, who need not be users of Telescope, and for signed-in people with
//! an account of their own.

pub mod invite;
pub mod login;
pub mod login_events;
pub mod number;
pub mod own;
