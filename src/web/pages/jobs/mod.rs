pub mod list;
pub mod list_events;
