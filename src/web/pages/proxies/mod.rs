pub mod account;
pub mod choice;
pub mod form;
pub mod group;
pub mod list;
pub mod list_events;
pub mod remove;
