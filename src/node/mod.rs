pub mod control;
pub mod lease;
