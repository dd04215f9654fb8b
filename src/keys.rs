//! The keys: one master key in the settings, and what is made from it.
//!
//! Nothing is encrypted with the master key itself. Each purpose has a key of its own, so that a weakness
//! in one use does not carry over to another.

mod master;

pub use master::MasterKey;
