//! `/accounts/{account}/two-step`: the two-step password at Telegram.

pub mod form;
pub mod show;
