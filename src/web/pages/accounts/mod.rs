pub mod actions;
pub mod add;
pub mod add_test;
pub mod allow_codes;
pub mod bot_token;
pub mod change;
pub mod code_use;
mod counted;
pub mod edit;
pub mod filter;
pub mod list;
pub mod list_events;
pub(crate) mod list_index;
pub mod log_out;
pub mod login;
pub mod number;
mod parts;
pub mod password;
pub mod password_remove;
pub mod picture;
pub mod query;
pub mod remove;
pub mod rows;
mod selection;
pub mod shared_list;
pub mod show;
pub mod show_events;
pub mod stored;

use crate::domain::AccountId;
use crate::domain::access::{Principal, privileges};
use crate::domain::privilege::AccountPrivilege;
use crate::web::state::State;

/// Whether the account exists and this principal may view it.
fn is_visible(app: &State, principal: &Principal, account: AccountId) -> bool {
    let policy = app.live.policy.current();
    app.live
        .accounts
        .get(account)
        .is_some_and(|entry| privileges(&policy, principal, &entry.account).has(AccountPrivilege::View))
}
