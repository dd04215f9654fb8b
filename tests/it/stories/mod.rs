//! Stories that a person would live through, each in a stack of its own.

mod accessibility;
mod canary;
mod countdown;
mod cut_trail;
mod database_away;
mod first_login;
mod foreign_text;
mod interruptions;
mod lease;
mod messages;
mod network;
mod plain;
mod policy;
mod removal;
mod restarts;
mod revoked;
mod searching;
mod stopping;
mod stored_password;
mod telegram_away;
mod thousands;
mod together;
mod too_many_pages;
mod two_browsers;
mod wrong_input;
