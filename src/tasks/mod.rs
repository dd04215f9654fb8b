pub mod account_history;
pub mod connectivity;
