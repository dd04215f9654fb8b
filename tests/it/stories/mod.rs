//! Stories that a person would live through, each in a stack of its own.

mod accessibility;
mod countdown;
mod first_login;
mod interruptions;
mod messages;
mod network;
mod policy;
mod restarts;
mod revoked;
mod searching;
mod stopping;
mod stored_password;
mod thousands;
mod together;
mod wrong_input;
