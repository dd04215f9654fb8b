//! The notice above a page after a redirect.

use serde::{Deserialize, Serialize};

use crate::web::{paths, words};

/// What the page's URL says was done.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct NoticeQuery {
    done: Option<Notice>,
}

#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Notice {
    Made,
    Saved,
    Renamed,
    Deleted,
    SignedOut,
    Blocked,
    Unblocked,
    Admin,
    NoAdmin,
    Unlinked,
    AddressChanged,
    #[serde(other)]
    Unknown,
}

impl NoticeQuery {
    pub fn message(&self) -> Option<&'static str> {
        words::access::notice(self.done?)
    }
}

/// The page's URL with a notice.
pub fn url(page: &str, notice: Notice) -> String {
    paths::with_query(page, [("done", notice)])
}
