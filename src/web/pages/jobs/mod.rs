pub mod list;
pub mod list_events;
pub(crate) mod query;
