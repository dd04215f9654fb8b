pub mod events;
pub mod export;
pub mod feed;
mod format;
pub mod list;
mod mismatch;
pub mod query;
pub mod row;
