pub mod access;
pub mod audit;
pub mod jobs;
pub mod privileges;
pub mod text;
