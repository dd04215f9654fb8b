//! Off-boarding: the review of what a person has, and the plan of what is taken back.

mod form;
mod lines;
pub mod report;
mod rows;
pub mod show;
