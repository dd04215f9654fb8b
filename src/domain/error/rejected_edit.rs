//! Part of the error code of a rejected import.

use serde::{Deserialize, Serialize};

use super::ErrorCode;

/// An edit of an import that was rejected.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectedEdit {
    pub what: String,
    pub error: ErrorCode,
}
