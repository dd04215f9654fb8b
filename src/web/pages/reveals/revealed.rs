//! A secret that was revealed.

use askama::Template;

use crate::domain::Secret;
use crate::ops::reveals::code::Revealed;
use crate::ops::reveals::password::RevealedPassword;
use crate::web::words::moments::Sentence;
use crate::web::words::reveals as words;

/// The part of the page that shows it, which the events send too.
#[derive(Template)]
#[template(path = "parts/revealed.html")]
pub(super) struct RevealedPart {
    secret: Secret,
    /// Where it is from.
    source: Sentence,
    /// Whether it is a text of any length rather than a few digits.
    long: bool,
}

impl RevealedPart {
    pub(super) fn code(revealed: Revealed) -> Self {
        Self { secret: revealed.code, source: words::code_from(revealed.sent), long: false }
    }

    pub(super) fn password(revealed: RevealedPassword) -> Self {
        let source = words::password_from(revealed.stored, revealed.rejected);
        Self { secret: revealed.password, source, long: true }
    }
}
