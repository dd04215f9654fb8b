pub mod accounts;
pub mod policy;
