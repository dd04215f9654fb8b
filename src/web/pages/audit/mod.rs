pub mod events;
pub mod export;
pub mod feed;
pub mod form;
pub mod line;
pub mod list;
