//! Signed assertions: valid and invalid ones, and fetching the keys. All tokens are really signed, and all keys are served
//! over HTTP on this machine.

mod corpus;
mod fetching;
mod header;
pub mod issuer;
mod tls;
