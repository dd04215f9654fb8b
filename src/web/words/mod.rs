pub mod access;
pub mod audit;
pub mod error_pages;
pub mod jobs;
pub mod privileges;
pub mod sign_in;
pub mod text;
