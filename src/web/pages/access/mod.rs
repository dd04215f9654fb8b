pub mod cell;
pub mod confirm;
pub mod diff;
pub mod explain;
pub mod matrix;
