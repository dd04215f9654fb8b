//! Searching a long audit log by several criteria, without reading all of it for one page.
//!
//! A search is first narrowed with the indexes: to the names of matching actors, the ids of matching accounts, and the
//! range of entry numbers within the times. If one of these is rare, only its entries are read; otherwise the log is
//! scanned from its end, in steps, up to a bound. A page that reaches the bound says how far it searched, and the next
//! page continues there.

mod narrowed;

use super::Entry;
use crate::domain::audit::Outcome;
use crate::domain::{AccountId, Identifier, Millis};
use crate::store::conn::{Built, Value, all, all_built, one};
use crate::store::{Conn, StoreError, accounts};

/// How many names or accounts may match; a search that matches more is refused.
const MANY: u32 = 5000;
/// A criterion with at most this many entries is rare.
const RARE: usize = 2000;
/// Entries in the first step of a scan; each further step is twice as long.
const STEP: i64 = 10_000;
/// Entries that one page scans at most.
const BOUND: i64 = 200_000;

/// The criteria of a search; fields that are None match everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search {
    /// Part of an actor's name: an address, `command line` or `system:…`.
    pub actor: Option<String>,
    pub account: Option<Whose>,
    /// Any of these codes.
    pub codes: Option<Vec<String>>,
    pub outcome: Option<Outcome>,
    /// At or after this moment.
    pub from: Option<Millis>,
    /// Before this moment.
    pub until: Option<Millis>,
    /// Whether an intent and its outcome count as one: the intent, unless outcomes are asked for.
    pub folded: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whose {
    Id(AccountId),
    /// Accounts whose number contains these digits.
    Digits(String),
}

/// A search, narrowed with the indexes.
#[derive(Clone, Debug)]
pub struct Narrowed {
    /// Columns with their accepted values.
    columns: Vec<(&'static str, Vec<String>)>,
    from: Option<Millis>,
    until: Option<Millis>,
    /// The first and last entry number that can match; none if nothing can.
    numbers: Option<(i64, i64)>,
    fold: Option<Fold>,
}

/// Which half of an intent and its outcome is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fold {
    /// The outcome.
    Outcomes,
    /// The intent, if it has an outcome.
    EndedIntents,
}

/// A page of results.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The entries, the newest first.
    pub entries: Vec<Entry>,
    /// The next page begins before this number; none if there is nothing older.
    pub next: Option<i64>,
    /// Whether the page ends because the bound of the scan was reached.
    pub cut: bool,
}

impl Search {
    /// Whether every entry matches.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether an entry matches. `identifier` is the number, or id, of its account.
    pub fn fits(&self, entry: &Entry, identifier: Option<&Identifier>) -> bool {
        let account = match &self.account {
            None => true,
            Some(Whose::Id(id)) => entry.account == Some(*id),
            Some(Whose::Digits(digits)) => identifier.is_some_and(|it| it.digits().contains(digits.as_str())),
        };
        account
            && self.actor.as_ref().is_none_or(|part| contains_folded(&entry.actor, part))
            && self.codes.as_ref().is_none_or(|codes| codes.contains(&entry.code))
            && self.outcome.is_none_or(|outcome| entry.outcome == outcome)
            && self.from.is_none_or(|from| entry.at >= from)
            && self.until.is_none_or(|until| entry.at < until)
    }

    /// Narrows the search with the indexes; none if too many actors or accounts match.
    pub async fn narrow(&self, conn: &mut Conn<'_>) -> Result<Option<Narrowed>, StoreError> {
        let mut columns = Vec::new();
        if let Some(part) = &self.actor {
            let names: Vec<String> =
                actors(conn).await?.into_iter().filter(|name| contains_folded(name, part)).collect();
            columns.push(("actor", names));
        }
        if let Some(whose) = &self.account {
            let ids = match whose {
                Whose::Id(id) => vec![*id],
                Whose::Digits(digits) => accounts::with_digits(conn, digits, MANY + 1).await?,
            };
            columns.push(("account", ids.iter().map(ToString::to_string).collect()));
        }
        if columns.iter().any(|(_, values)| values.len() > MANY as usize) {
            return Ok(None);
        }
        if let Some(codes) = &self.codes {
            columns.push(("code", codes.clone()));
        }
        if let Some(outcome) = self.outcome {
            columns.push(("outcome", vec![outcome.to_string()]));
        }
        let nothing = columns.iter().any(|(_, values)| values.is_empty());
        let numbers = if nothing { None } else { self.numbers(conn).await? };
        let fold = self.folded.then_some(match self.outcome {
            None => Fold::Outcomes,
            Some(_) => Fold::EndedIntents,
        });
        Ok(Some(Narrowed { columns, from: self.from, until: self.until, numbers, fold }))
    }

    /// The first and last entry number within the times.
    async fn numbers(&self, conn: &mut Conn<'_>) -> Result<Option<(i64, i64)>, StoreError> {
        let (first, last) = match (self.from, self.until) {
            (None, None) => {
                one!(conn, Ends, "select (select min(seq) from audit_log), (select max(seq) from audit_log)")?
            }
            // `seq + 0` makes the planner use the index by time; for `min(seq)` it would scan the log in order of seq.
            (from, until) => one!(
                conn,
                Ends,
                "select min(seq + 0), max(seq + 0) from audit_log where at >= $1 and at < $2",
                from.unwrap_or(Millis(i64::MIN)),
                until.unwrap_or(Millis(i64::MAX))
            )?,
        };
        Ok(first.zip(last))
    }
}

type Ends = (Option<i64>, Option<i64>);

/// Whether a name contains this part, ignoring case.
fn contains_folded(name: &str, part: &str) -> bool {
    name.to_lowercase().contains(&part.to_lowercase())
}

/// Every actor name, with one index lookup each.
async fn actors(conn: &mut Conn<'_>) -> Result<Vec<String>, StoreError> {
    let names = all!(
        conn,
        (Option<String>,),
        "with recursive names (name) as (
             select min(actor) from audit_log
             union all
             select (select min(actor) from audit_log where actor > names.name) from names
             where names.name is not null
         ) select name from names"
    )?;
    Ok(names.into_iter().filter_map(|(name,)| name).collect())
}

/// The outcomes of these intents.
pub async fn outcomes(conn: &mut Conn<'_>, intents: &[i64]) -> Result<Vec<Entry>, StoreError> {
    among(conn, " where intent in (", intents).await
}

/// The entries with these numbers.
pub async fn numbered(conn: &mut Conn<'_>, numbers: &[i64]) -> Result<Vec<Entry>, StoreError> {
    among(conn, " where seq in (", numbers).await
}

async fn among(
    conn: &mut Conn<'_>,
    condition: &'static str,
    numbers: &[i64],
) -> Result<Vec<Entry>, StoreError> {
    if numbers.is_empty() {
        return Ok(Vec::new());
    }
    let mut built = Built::new(SELECT);
    built.text(condition);
    for (at, number) in numbers.iter().enumerate() {
        built.text(if at == 0 { "" } else { ", " }).value(Value::Number(*number));
    }
    built.text(") order by seq");
    all_built!(conn, Entry, built)
}

const SELECT: &str = "select seq, at, code, outcome, intent, actor, account, reason, address, request_id,
    details, details_salt, details_digest, digest, mac from audit_log";

fn within(built: &mut Built, first: i64, last: i64) {
    built.text(" and seq >= ").value(Value::Number(first)).text(" and seq <= ").value(Value::Number(last));
}

fn one_of(built: &mut Built, (column, values): &(&'static str, Vec<String>)) {
    built.text(" and ").text(column).text(" in ").list(values);
}

fn newest(built: &mut Built, limit: usize) {
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    built.text(" order by seq desc limit ").value(Value::Number(limit));
}

impl Found {
    fn of(entries: Vec<Entry>, limit: usize) -> Self {
        let full = entries.len() >= limit;
        let next = entries.last().filter(|_| full).map(|entry| entry.seq);
        Self { entries, next, cut: false }
    }
}
