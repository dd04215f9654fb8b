//! What somebody wants to see of the trail: as it is typed, as it stands in the address, and as the store takes it.

use serde::{Deserialize, Serialize};

use crate::domain::Period;
use crate::domain::audit::{AuditKind, Outcome, codes};
use crate::store::audit::{Search, Whose};

/// Letters of a part of a name; nobody has a longer one.
const PART: usize = 254;

/// What to show, from the URL or the form of an export.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct Wanted {
    /// Part of an actor's name.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub actor: String,
    /// An account's id, or part of its number.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub account: String,
    /// A code, or a family of them.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub code: String,
    /// How it went.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub outcome: String,
    /// From when on.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub from: String,
    /// Until when.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub until: String,
    /// Older than the entry of this number.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub before: String,
}

/// A field and what is wrong with it.
pub type Fault = (&'static str, String);

/// What all of a form's fields say, or what is wrong with some.
pub type Read = Result<(Search, Option<i64>), Vec<Fault>>;

impl Wanted {
    /// What is asked for, and before which number.
    pub fn read(&self) -> Read {
        let mut faults = Vec::new();
        let mut note = |field, said: Result<(), String>| {
            if let Err(words) = said {
                faults.push((field, words));
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
            note("until", Err("The end lies before the beginning.".into()));
        }
        if faults.is_empty() { Ok((search, before)) } else { Err(faults) }
    }

    fn actor(&self) -> Result<Option<String>, String> {
        match self.actor.trim() {
            "" => Ok(None),
            part if part.len() > PART => Err(format!("Type at most {PART} letters.")),
            part if part.contains('\0') => Err("No name has such a character.".into()),
            part => Ok(Some(part.to_owned())),
        }
    }

    fn account(&self) -> Result<Option<Whose>, String> {
        let typed = self.account.trim();
        if typed.is_empty() {
            return Ok(None);
        }
        if let Ok(id) = typed.parse() {
            return Ok(Some(Whose::Id(id)));
        }
        let is_of_a_number = |c: char| c.is_ascii_digit() || matches!(c, '+' | ' ' | '-' | '.' | '(' | ')');
        let digits: String = typed.chars().filter(char::is_ascii_digit).collect();
        if digits.is_empty() || digits.len() > 15 || !typed.chars().all(is_of_a_number) {
            return Err("Type some digits of the number, or the account's whole id.".into());
        }
        Ok(Some(Whose::Digits(digits)))
    }

    fn codes(&self) -> Result<Option<Vec<String>>, String> {
        match self.code.trim() {
            "" => Ok(None),
            code => match codes::matching(code) {
                Some(kinds) => Ok(Some(kinds.iter().map(|kind| kind.code().to_owned()).collect())),
                None => Err("There is no such event type.".into()),
            },
        }
    }

    fn outcome(&self) -> Result<Option<Outcome>, String> {
        match self.outcome.trim() {
            "" => Ok(None),
            outcome => outcome.parse().map(Some).map_err(|_| "There is no such outcome.".into()),
        }
    }

    fn before(&self) -> Result<Option<i64>, String> {
        match self.before.trim() {
            "" => Ok(None),
            number => number.parse().map(Some).map_err(|_| "This is no number of an entry.".into()),
        }
    }

    /// The filters that say something, by the names of their fields.
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

    /// Whether it asks for less than everything.
    pub fn narrows(&self) -> bool {
        !self.filters().is_empty()
    }

    /// Whether it is the newest page.
    pub fn is_first(&self) -> bool {
        self.before.trim().is_empty()
    }

    /// The address of the page of what is older than that entry.
    pub fn older(&self, before: i64) -> String {
        format!("/audit?{}", Self { before: before.to_string(), ..self.clone() }.encoded())
    }

    /// The part behind the question mark.
    pub fn encoded(&self) -> String {
        serde_html_form::to_string(self).unwrap_or_default()
    }
}

fn period(typed: &str) -> Result<Option<Period>, String> {
    match typed.trim() {
        "" => Ok(None),
        typed => Period::parse(typed).map(Some).map_err(|error| error.to_string()),
    }
}

/// A family of codes and its members with what they mean, for the list of kinds.
#[derive(Debug)]
pub struct Family {
    /// Its first word.
    pub name: &'static str,
    /// Codes and meanings.
    pub codes: Vec<(&'static str, &'static str)>,
}

/// Every family, in the order of the codes.
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

    fn wanted(query: &str) -> Wanted {
        serde_html_form::from_str(query).unwrap()
    }

    #[test]
    fn what_is_typed_is_understood() {
        let (search, before) = wanted(
            "actor=+Ada@&account=%2B999+66&code=person.*&outcome=failed&from=2026-11-20&until=2026-11-21&before=7",
        )
        .read()
        .unwrap();
        assert_eq!((search.actor.as_deref(), before), (Some("Ada@"), Some(7)));
        assert_eq!(search.account, Some(Whose::Digits("99966".into())));
        assert_eq!(search.outcome, Some(Outcome::Failed));
        assert_eq!(search.until.unwrap().seconds_since(search.from.unwrap()), 2 * 24 * 60 * 60);
        assert!(wanted("").read().unwrap().0.is_empty() && !wanted("before=7").narrows());
    }

    #[test]
    fn each_wrong_field_is_named() {
        let faults =
            wanted("account=abc&code=x&outcome=maybe&from=tomorrow&until=2026-02-30&before=x&actor=%00")
                .read()
                .unwrap_err();
        let fields: Vec<&str> = faults.iter().map(|(field, _)| *field).collect();
        assert_eq!(fields, ["actor", "account", "code", "outcome", "from", "until", "before"]);
        assert!(faults.iter().all(|(_, words)| words.ends_with('.')));
        let faults = wanted("from=2026-11-21&until=2026-11-20").read().unwrap_err();
        assert_eq!(faults, [("until", "The end lies before the beginning.".to_owned())]);
        assert!(wanted("from=2026-11-21&until=2026-11-21").read().is_ok(), "one day has all of that day");
    }

    proptest! {
        #[test]
        fn whatever_is_typed_is_read_or_refused_and_comes_back(actor in ".*", account in ".*", from in ".*") {
            let typed = Wanted { actor, account, from, ..Wanted::default() };
            let _ = typed.read();
            let again = wanted(&typed.encoded());
            prop_assert_eq!((again.actor, again.account, again.from), (typed.actor, typed.account, typed.from));
        }
    }
}
