pub mod change;
pub mod list;
pub mod roles;
mod row;
pub mod show;
