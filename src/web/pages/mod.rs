//! The pages: one file each, with the template of the same name.

pub mod account;
pub mod accounts;
pub mod add;
pub mod approval;
pub mod audit;
pub mod code;
pub mod edit;
pub mod explain;
pub mod jobs;
pub mod log_out;
pub mod oidc;
pub mod password;
pub mod provide;
pub mod remove;
pub mod reveal_password;
pub mod reveals;
pub mod sign_in;
pub mod step;
pub mod users;
