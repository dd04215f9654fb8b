//! Invites, for the people who create them.

pub mod create;
pub mod link;
pub mod list;
pub mod list_events;
