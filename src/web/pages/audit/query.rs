//! A search in the audit log: as entered, as the query of a URL, and as the store takes it.

use serde::{Deserialize, Serialize};

use crate::domain::audit::{AuditKind, Outcome, codes};
use crate::domain::{Millis, Period};
use crate::store::audit::{Search, Whose};
use crate::web::form::{FieldError, Fields};
use crate::web::paths;
use crate::web::words::audit::stored_actor;
use crate::web::words::audit_page as words;

/// Characters of an e-mail address at most.
const MAX_PART: usize = 254;

/// From the URL or the form of an export.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct AuditQuery {
    /// Part of the actor.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub actor: String,
    /// An account's id, or some digits of its number.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub account: String,
    /// A code, or a family as in `person.*`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub code: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub outcome: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub from: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub until: String,
    /// The name of one of [`RANGES`]; it counts if there is neither `from` nor `until`.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub range: String,
    /// The number of an entry; older ones are shown.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub before: String,
}

impl Fields for AuditQuery {
    const NAMES: &'static [&'static str] =
        &["actor", "account", "code", "outcome", "from", "until", "range", "before"];
}

impl AuditQuery {
    /// The search, and the number of the entry before which it begins.
    pub fn parse(&self, now: Millis) -> Result<(Search, Option<i64>), Vec<FieldError>> {
        let mut errors = Vec::new();
        let mut note = |field, parsed: Result<(), String>| {
            if let Err(message) = parsed {
                errors.push(FieldError::on(field, message));
            }
        };
        let mut search = Search::default();
        let mut before = None;
        note("actor", self.actor().map(|actor| search.actor = actor));
        note("account", self.account().map(|account| search.account = account));
        note("code", self.codes().map(|codes| search.codes = codes));
        note("outcome", self.outcome().map(|outcome| search.outcome = outcome));
        note("from", period(&self.from).map(|period| search.from = period.map(|it| it.start)));
        note("until", period(&self.until).map(|period| search.until = period.map(|it| it.end)));
        note(
            "range",
            self.range().map(|seconds| {
                search.from = search.from.or_else(|| seconds.map(|seconds| now.plus_seconds(-seconds)));
            }),
        );
        note("before", self.before().map(|seq| before = seq));
        if search.from.zip(search.until).is_some_and(|(from, until)| from >= until) {
            note("until", Err(words::END_BEFORE_START.into()));
        }
        if errors.is_empty() { Ok((search, before)) } else { Err(errors) }
    }

    fn actor(&self) -> Result<Option<String>, String> {
        match self.actor.trim() {
            "" => Ok(None),
            part if part.len() > MAX_PART || part.contains('\0') => Err(words::INVALID_ACTOR.into()),
            part => Ok(Some(stored_actor(part).to_owned())),
        }
    }

    fn account(&self) -> Result<Option<Whose>, String> {
        let text = self.account.trim();
        if text.is_empty() {
            return Ok(None);
        }
        if let Ok(id) = text.parse() {
            return Ok(Some(Whose::Id(id)));
        }
        let is_in_numbers = |c: char| c.is_ascii_digit() || matches!(c, '+' | ' ' | '-' | '.' | '(' | ')');
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        if digits.is_empty() || digits.len() > 15 || !text.chars().all(is_in_numbers) {
            return Err(words::INVALID_ACCOUNT.into());
        }
        Ok(Some(Whose::Digits(digits)))
    }

    fn codes(&self) -> Result<Option<Vec<String>>, String> {
        match self.code.trim() {
            "" => Ok(None),
            code => match codes::matching(code) {
                Some(kinds) => Ok(Some(kinds.iter().map(|kind| kind.code().to_owned()).collect())),
                None => Err(words::UNKNOWN_EVENT.into()),
            },
        }
    }

    fn outcome(&self) -> Result<Option<Outcome>, String> {
        match self.outcome.trim() {
            "" => Ok(None),
            outcome => outcome.parse().map(Some).map_err(|_| words::UNKNOWN_OUTCOME.into()),
        }
    }

    /// The seconds up to now that are asked for.
    fn range(&self) -> Result<Option<i64>, String> {
        if self.range.is_empty() || self.has_times() {
            return Ok(None);
        }
        let known = RANGES.iter().find(|(name, ..)| *name == self.range);
        known.map(|(.., seconds)| Some(*seconds)).ok_or_else(|| words::UNKNOWN_RANGE.into())
    }

    fn has_times(&self) -> bool {
        !(self.from.trim().is_empty() && self.until.trim().is_empty())
    }

    /// Whether this range is in effect; `""` for none.
    pub fn has_range(&self, name: &str) -> bool {
        if self.has_times() { false } else { self.range == name }
    }

    /// The URL of the same search in another range.
    pub fn with_range(&self, name: &str) -> String {
        let [from, until, before] = [String::new(), String::new(), String::new()];
        paths::with_query(paths::AUDIT, Self { range: name.to_owned(), from, until, before, ..self.clone() })
    }

    /// The values of the fields for times: a day is its first or last minute. None if a browser's field for times can't show
    /// what was entered.
    pub fn from_field(&self) -> Option<String> {
        field(&self.from, |period| period.start)
    }

    pub fn until_field(&self) -> Option<String> {
        field(&self.until, |period| period.end.plus_seconds(-1))
    }

    fn before(&self) -> Result<Option<i64>, String> {
        match self.before.trim() {
            "" => Ok(None),
            number => number.parse().map(Some).map_err(|_| words::INVALID_NUMBER.into()),
        }
    }

    /// The filters that are not empty, by the names of their fields.
    pub fn filters(&self) -> Vec<(&'static str, &str)> {
        let range = if self.has_times() { "" } else { self.range.as_str() };
        let filters = [
            ("actor", &self.actor),
            ("account", &self.account),
            ("code", &self.code),
            ("outcome", &self.outcome),
            ("from", &self.from),
            ("until", &self.until),
        ];
        let filters = filters.map(|(name, filter)| (name, filter.as_str())).into_iter();
        let given = filters.chain([("range", range)]).map(|(name, filter)| (name, filter.trim()));
        given.filter(|(_, filter)| !filter.is_empty()).collect()
    }

    pub fn narrows(&self) -> bool {
        !self.filters().is_empty()
    }

    /// Whether it is the page of the newest entries.
    pub fn is_first(&self) -> bool {
        self.before.trim().is_empty()
    }

    /// The URL of the page of entries older than that one.
    pub fn older(&self, before: i64) -> String {
        paths::with_query(paths::AUDIT, Self { before: before.to_string(), ..self.clone() })
    }

    /// The query of a URL.
    pub fn encoded(&self) -> String {
        serde_html_form::to_string(self).unwrap_or_default()
    }
}

fn period(text: &str) -> Result<Option<Period>, String> {
    match text.trim() {
        "" => Ok(None),
        text => Period::parse(text).map(Some).map_err(|error| error.to_string()),
    }
}

fn field(text: &str, moment: impl Fn(Period) -> Millis) -> Option<String> {
    let period = period(text).ok()?;
    // To the minute, as `2026-11-21T14:30`.
    Some(period.map(|period| moment(period).rfc3339().chars().take(16).collect()).unwrap_or_default())
}

/// Times up to now that can be chosen at once: name, label, seconds.
pub const RANGES: [(&str, &str, i64); 4] = [
    ("1h", "Last hour", 60 * 60),
    ("24h", "Last 24 hours", 24 * 60 * 60),
    ("7d", "Last 7 days", 7 * 24 * 60 * 60),
    ("30d", "Last 30 days", 30 * 24 * 60 * 60),
];

/// The event codes that share their first word.
#[derive(Debug)]
pub struct Family {
    pub name: &'static str,
    /// Codes and what they mean.
    pub codes: Vec<(&'static str, &'static str)>,
}

pub fn families() -> Vec<Family> {
    let mut families: Vec<Family> = Vec::new();
    for kind in AuditKind::ALL {
        let name = codes::family(kind.code());
        let line = (kind.code(), kind.meaning());
        match families.iter_mut().find(|family| family.name == name) {
            Some(family) => family.codes.push(line),
            None => families.push(Family { name, codes: vec![line] }),
        }
    }
    families
}

#[cfg(test)]
mod tests;
