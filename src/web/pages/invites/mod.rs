//! Invites, for the people who create them.

pub mod create;
pub mod link;
pub mod list;
pub mod list_events;
pub mod many;
pub mod many_events;
pub mod many_job;
pub mod many_result;
