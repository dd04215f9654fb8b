//! What the stories stand on.

pub mod db;
pub mod postgres;
