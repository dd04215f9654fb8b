pub mod command;
pub mod control;
pub mod lease;
