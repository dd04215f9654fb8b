//! Proxies for connections to Telegram: who added and selected them, and their use by the accounts' clients.

mod apply;
mod edit;
mod select;
mod test;

pub use apply::{apply, apply_all, reload, use_of};
pub use edit::{ProxyDetails, add, change, remove};
pub use select::{select_default, select_for_account, select_for_group};
pub use test::{test, test_stored, test_unattended};
