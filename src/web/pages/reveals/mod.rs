pub mod approval;
pub mod approval_events;
pub mod code;
pub mod code_events;
pub mod list;
pub mod list_events;
pub mod password;
