//! Accounts: adding, editing, connecting and removing them.

pub mod add;
pub mod connect;
pub mod edit;
pub mod folder;
pub mod remove;

use crate::domain::error::ErrorCode;
use crate::ops::OpError;

pub use add::{NewAccount, add, add_test};
pub use connect::{connect, disconnect, start};
pub use edit::{Details, edit};

/// The longest comment, in characters.
pub const MAX_COMMENT: usize = 2000;

fn check_comment(comment: &str) -> Result<(), OpError> {
    if comment.chars().count() > MAX_COMMENT {
        return Err(OpError::invalid("comment", ErrorCode::CommentTooLong { max: MAX_COMMENT }));
    }
    if comment.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return Err(OpError::invalid("comment", ErrorCode::CommentCharacter));
    }
    Ok(())
}
