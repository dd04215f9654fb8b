//! The pages: one file each, with the template of the same name.

pub mod access;
pub mod account;
pub mod accounts;
pub mod add;
pub mod approval;
pub mod audit;
pub mod cell;
pub mod code;
pub mod edit;
pub mod explain;
pub mod group;
pub mod groups;
pub mod jobs;
pub mod log_out;
pub mod oidc;
pub mod password;
pub mod provide;
pub mod remove;
pub mod reveal_password;
pub mod reveals;
pub mod role;
pub mod roles;
pub mod sign_in;
pub mod step;
pub mod user;
pub mod users;
