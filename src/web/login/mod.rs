//! The login of an account as pages show it, to everyone who may log it in.

pub mod form;
mod qr;
pub mod step;
