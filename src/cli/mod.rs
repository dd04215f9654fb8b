pub mod access;
pub mod access_report;
pub mod admin;
pub mod audit;
pub mod health;
pub mod migrate;
