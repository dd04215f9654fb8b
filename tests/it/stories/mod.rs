//! Stories that a person would live through, each in a stack of its own.

mod accessibility;
mod first_login;
mod interruptions;
mod messages;
mod network;
mod policy;
mod revoked;
mod searching;
mod stopping;
mod thousands;
mod wrong_input;
