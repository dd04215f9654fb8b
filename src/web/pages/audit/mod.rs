pub mod events;
pub mod export;
pub mod feed;
mod format;
pub mod list;
pub mod mismatch;
pub mod query;
pub mod row;
