//! Stories that a person would live through, each in a stack of its own.

mod first_login;
mod interruptions;
mod messages;
mod network;
mod policy;
mod restarts;
mod revoked;
mod stopping;
mod stored_password;
mod together;
mod wrong_input;
