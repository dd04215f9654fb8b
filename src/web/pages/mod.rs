//! The pages: one file each, with the template of the same name.

pub mod about;
pub mod access;
pub mod accounts;
pub mod audit;
pub mod devices;
pub mod groups;
pub mod invites;
pub mod jobs;
pub mod offboarding;
pub mod onboarding;
pub mod proxies;
pub mod reveals;
pub mod roles;
pub mod session_events;
pub mod sign_in;
pub mod two_step;
pub mod users;
