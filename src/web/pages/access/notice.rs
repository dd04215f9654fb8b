//! The notice above a page after a redirect.

use serde::Deserialize;

use crate::web::words;

/// What the page's URL says was done.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct NoticeQuery {
    done: String,
}

impl NoticeQuery {
    pub fn message(&self) -> Option<&'static str> {
        words::access::notice(&self.done)
    }
}
