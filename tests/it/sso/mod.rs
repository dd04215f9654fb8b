//! Signed assertions: what is true, what is not, and where the keys come from. All tokens are really signed, and all
//! keys come from a real address on this machine.

mod corpus;
mod fetching;
mod header;
pub mod issuer;
mod tls;
