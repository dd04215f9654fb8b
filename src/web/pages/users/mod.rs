pub mod change;
pub mod list;
pub mod move_to;
pub mod question;
pub mod roles;
mod row;
pub mod show;
