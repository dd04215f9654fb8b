//! Accounts: adding, editing, connecting and removing them.

pub mod add;
pub mod connect;
pub mod edit;
pub mod folder;
pub mod number;
pub mod remove;
pub(super) mod taken;

use crate::domain::error::ErrorCode;
use crate::domain::{Account, AccountId, BotError, DesiredState, Phone};
use crate::ops::OpError;
use crate::store::{self, Conn};

pub(super) use add::random_name;
pub use add::{NewAccount, add, add_test};
pub use connect::{connect, disconnect, start};
pub use edit::{Details, change_owner, edit};
pub use number::{correct_number, was_never_logged_in};
pub(super) use taken::{is_taken_by_visible, visible_numbers};

/// The longest comment, in characters.
pub const MAX_COMMENT: usize = 2000;

/// The account's number; refused for bots, as is all that takes a number.
pub fn phone_of(account: &Account) -> Result<&Phone, OpError> {
    account.identifier.phone().ok_or_else(|| OpError::Refused(BotError::HasNoNumber.into()))
}

/// Sets an account's desired state within a transaction; returns the account. A removal that has begun is not reverted, not
/// even by a request that was permitted before it began.
async fn set_wanted(conn: &mut Conn<'_>, id: AccountId, wanted: DesiredState) -> Result<Account, OpError> {
    let account = store::accounts::get(conn, id).await?.ok_or(OpError::NotFound)?;
    if account.wanted == DesiredState::Removed {
        return Err(OpError::Refused(ErrorCode::AlreadyBeingRemoved));
    }
    store::accounts::set_wanted(conn, id, wanted).await?;
    Ok(Account { wanted, ..account })
}

pub(super) fn check_comment(comment: &str) -> Result<(), OpError> {
    if comment.chars().count() > MAX_COMMENT {
        return Err(OpError::invalid("comment", ErrorCode::CommentTooLong { max: MAX_COMMENT }));
    }
    if comment.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return Err(OpError::invalid("comment", ErrorCode::CommentCharacter));
    }
    Ok(())
}
