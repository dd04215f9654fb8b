pub mod confirm;
pub mod end;
pub mod end_others;
pub mod idle;
pub mod list;
pub(in crate::web) mod query;
pub mod refresh;
pub(super) mod section;
