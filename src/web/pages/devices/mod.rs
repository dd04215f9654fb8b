pub mod confirm;
pub mod end;
pub mod end_others;
pub mod idle;
pub mod refresh;
pub(super) mod section;
