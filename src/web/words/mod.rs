pub mod error_pages;
pub mod privileges;
pub mod sign_in;
pub mod text;
