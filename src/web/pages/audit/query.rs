//! A search in the audit log: as entered, as the query of a URL, and as the store takes it.

use serde::{Deserialize, Serialize};

use crate::domain::Period;
use crate::domain::audit::{AuditKind, Outcome, codes};
use crate::store::audit::{Search, Whose};
use crate::web::form::{FieldError, Fields};
use crate::web::paths;
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
    /// The number of an entry; older ones are shown.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub before: String,
}

impl Fields for AuditQuery {
    const NAMES: &'static [&'static str] =
        &["actor", "account", "code", "outcome", "from", "until", "before"];
}

impl AuditQuery {
    /// The search, and the number of the entry before which it begins.
    pub fn parse(&self) -> Result<(Search, Option<i64>), Vec<FieldError>> {
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
            part => Ok(Some(part.to_owned())),
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

    fn before(&self) -> Result<Option<i64>, String> {
        match self.before.trim() {
            "" => Ok(None),
            number => number.parse().map(Some).map_err(|_| words::INVALID_NUMBER.into()),
        }
    }

    /// The filters that are not empty, by the names of their fields.
    pub fn filters(&self) -> Vec<(&'static str, &str)> {
        let filters = [
            ("actor", &self.actor),
            ("account", &self.account),
            ("code", &self.code),
            ("outcome", &self.outcome),
            ("from", &self.from),
            ("until", &self.until),
        ];
        let given = filters.into_iter().map(|(name, filter)| (name, filter.trim()));
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
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn wanted(query: &str) -> AuditQuery {
        serde_html_form::from_str(query).unwrap()
    }

    #[test]
    fn what_is_typed_is_understood() {
        let (search, before) = wanted(
            "actor=+Ada@&account=%2B999+66&code=person.*&outcome=failed&from=2026-11-20&until=2026-11-21&before=7",
        )
        .parse()
        .unwrap();
        assert_eq!((search.actor.as_deref(), before), (Some("Ada@"), Some(7)));
        assert_eq!(search.account, Some(Whose::Digits("99966".into())));
        assert_eq!(search.outcome, Some(Outcome::Failed));
        assert_eq!(search.until.unwrap().seconds_since(search.from.unwrap()), 2 * 24 * 60 * 60);
        assert!(wanted("").parse().unwrap().0.is_empty() && !wanted("before=7").narrows());
    }

    #[test]
    fn each_wrong_field_is_named() {
        let errors =
            wanted("account=abc&code=x&outcome=maybe&from=tomorrow&until=2026-02-30&before=x&actor=%00")
                .parse()
                .unwrap_err();
        let fields: Vec<&str> = errors.iter().filter_map(|error| error.field).collect();
        assert_eq!(fields, ["actor", "account", "code", "outcome", "from", "until", "before"]);
        assert!(errors.iter().all(|error| error.message.ends_with('.')));
        let errors = wanted("from=2026-11-21&until=2026-11-20").parse().unwrap_err();
        assert_eq!(errors, [FieldError::on("until", words::END_BEFORE_START)]);
        assert!(wanted("from=2026-11-21&until=2026-11-21").parse().is_ok(), "one day has all of that day");
    }

    proptest! {
        #[test]
        fn whatever_is_typed_is_read_or_refused_and_comes_back(actor in ".*", account in ".*", from in ".*") {
            let typed = AuditQuery { actor, account, from, ..AuditQuery::default() };
            let _ = typed.parse();
            let again = wanted(&typed.encoded());
            prop_assert_eq!((again.actor, again.account, again.from), (typed.actor, typed.account, typed.from));
        }
    }
}
