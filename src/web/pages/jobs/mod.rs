pub mod list;
pub mod list_events;
pub(crate) mod query;
pub mod report;
pub mod show;
pub mod show_events;
