//! Finding entries in a long audit log, by several things at once, without ever reading all of it for one page.
//!
//! What is asked for is narrowed first to what the indexes know: the names of actors and the ids of accounts that
//! fit, and the numbers that lie within the time. If one of these is rare, its entries are looked at; otherwise the
//! log is walked from its end, in steps, up to a bound. A page that reaches the bound says how far it looked, and
//! the next page goes on there.

use super::Entry;
use crate::domain::audit::Outcome;
use crate::domain::{AccountId, Millis, Phone};
use crate::store::conn::{Built, Value, all, all_built, one};
use crate::store::{Conn, StoreError, accounts};

/// Names or accounts that may fit; more are refused.
const MANY: u32 = 5000;
/// Entries of something that is called rare.
const RARE: usize = 2000;
/// Entries of the first step of a walk; each further one is twice as long.
const STEP: i64 = 10_000;
/// Entries that one page walks over at most.
const BOUND: i64 = 200_000;

/// What is looked for; what is not said does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Search {
    /// Part of an actor's name: of an address, of `command line`, of `system:…`.
    pub actor: Option<String>,
    /// The account it is about.
    pub account: Option<Whose>,
    /// Any of these codes.
    pub codes: Option<Vec<String>>,
    /// How it went.
    pub outcome: Option<Outcome>,
    /// At this moment or later.
    pub from: Option<Millis>,
    /// Before this moment.
    pub until: Option<Millis>,
    /// Whether an intent and its outcome count as one: the intent, unless outcomes are asked for.
    pub folded: bool,
}

/// Which accounts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Whose {
    /// This one.
    Id(AccountId),
    /// Those whose number holds these digits.
    Digits(String),
}

/// A search as the indexes know it.
#[derive(Clone, Debug)]
pub struct Narrowed {
    /// Columns, and the values one of which each has to have.
    columns: Vec<(&'static str, Vec<String>)>,
    from: Option<Millis>,
    until: Option<Millis>,
    /// The first and last number that may fit; none if nothing can.
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

/// What a page has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The entries, the newest first.
    pub entries: Vec<Entry>,
    /// Before which number the next page begins; none if there is nothing older.
    pub next: Option<i64>,
    /// Whether the page ends because enough was looked at, not because enough was found.
    pub cut: bool,
}

impl Search {
    /// Whether everything fits.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether an entry is asked for. `phone` is the number of its account.
    pub fn fits(&self, entry: &Entry, phone: Option<&Phone>) -> bool {
        let account = match &self.account {
            None => true,
            Some(Whose::Id(id)) => entry.account == Some(*id),
            Some(Whose::Digits(digits)) => {
                phone.is_some_and(|phone| phone.digits().contains(digits.as_str()))
            }
        };
        account
            && self.actor.as_ref().is_none_or(|part| holds(&entry.actor, part))
            && self.codes.as_ref().is_none_or(|codes| codes.contains(&entry.code))
            && self.outcome.is_none_or(|outcome| entry.outcome == outcome)
            && self.from.is_none_or(|from| entry.at >= from)
            && self.until.is_none_or(|until| entry.at < until)
    }

    /// Asks the indexes; none if so many actors or accounts fit that more has to be said.
    pub async fn narrow(&self, conn: &mut Conn<'_>) -> Result<Option<Narrowed>, StoreError> {
        let mut columns = Vec::new();
        if let Some(part) = &self.actor {
            let names: Vec<String> =
                actors(conn).await?.into_iter().filter(|name| holds(name, part)).collect();
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

    /// The first and last number of the entries within the time.
    async fn numbers(&self, conn: &mut Conn<'_>) -> Result<Option<(i64, i64)>, StoreError> {
        let (first, last) = match (self.from, self.until) {
            (None, None) => {
                one!(conn, Ends, "select (select min(seq) from audit_log), (select max(seq) from audit_log)")?
            }
            // The sum keeps the planner from walking the whole log for its least number: the index by time has it.
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

/// Whether a name has this part, however either is written.
fn holds(name: &str, part: &str) -> bool {
    name.to_lowercase().contains(&part.to_lowercase())
}

/// Every name that acted, one step in the index each.
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

impl Narrowed {
    /// The newest `limit` entries that fit, of those before `before`.
    pub async fn page(
        &self,
        conn: &mut Conn<'_>,
        before: Option<i64>,
        limit: usize,
    ) -> Result<Found, StoreError> {
        let Some((first, last)) = self.numbers else { return Ok(Found::default()) };
        let end = before.map_or(last, |before| last.min(before.saturating_sub(1)));
        if let Some(rare) = self.rare(conn, first, end).await? {
            let mut built = Built::new(SELECT);
            built.text(" where seq in (select seq from audit_log where 1 = 1");
            within(&mut built, first, end);
            one_of(&mut built, rare);
            built.text(")");
            self.conditions(&mut built);
            newest(&mut built, limit);
            return Ok(Found::of(all_built!(conn, Entry, built)?, limit));
        }
        self.walk(conn, first, end, limit).await
    }

    /// The column of which few entries have the wanted values, if there is one.
    async fn rare(
        &self,
        conn: &mut Conn<'_>,
        first: i64,
        end: i64,
    ) -> Result<Option<&(&'static str, Vec<String>)>, StoreError> {
        for column in &self.columns {
            let mut built = Built::new("select seq from audit_log where 1 = 1");
            within(&mut built, first, end);
            one_of(&mut built, column);
            built.text(" limit ").value(Value::Number(RARE as i64 + 1));
            if all_built!(conn, (i64,), built)?.len() <= RARE {
                return Ok(Some(column));
            }
        }
        Ok(None)
    }

    /// Looks from the end towards the beginning until there are enough, or enough was looked at.
    async fn walk(
        &self,
        conn: &mut Conn<'_>,
        first: i64,
        mut end: i64,
        limit: usize,
    ) -> Result<Found, StoreError> {
        let (mut entries, mut step, mut left) = (Vec::new(), STEP, BOUND);
        while end >= first && left > 0 {
            let begin = first.max(end - step.min(left) + 1);
            let mut built = Built::new(SELECT);
            built.text(" where 1 = 1");
            within(&mut built, begin, end);
            self.conditions(&mut built);
            newest(&mut built, limit - entries.len());
            entries.extend(all_built!(conn, Entry, built)?);
            if entries.len() >= limit {
                return Ok(Found::of(entries, limit));
            }
            left -= end - begin + 1;
            end = begin - 1;
            step *= 2;
        }
        let next = (end >= first).then_some(end + 1);
        Ok(Found { entries, next, cut: next.is_some() })
    }

    /// The entries that fit of those from `first` to `last`, the oldest first. For walks through all of it: the caller
    /// says how many numbers it takes at once.
    pub async fn forward(
        &self,
        conn: &mut Conn<'_>,
        first: i64,
        last: i64,
    ) -> Result<Vec<Entry>, StoreError> {
        if self.numbers.is_none() {
            return Ok(Vec::new());
        }
        let mut built = Built::new(SELECT);
        built.text(" where 1 = 1");
        within(&mut built, first, last);
        self.conditions(&mut built);
        built.text(" order by seq");
        all_built!(conn, Entry, built)
    }

    /// The first and last number that may fit.
    pub fn numbers(&self) -> Option<(i64, i64)> {
        self.numbers
    }

    fn conditions(&self, built: &mut Built) {
        for column in &self.columns {
            one_of(built, column);
        }
        if let Some(from) = self.from {
            built.text(" and at >= ").value(Value::Number(from.0));
        }
        if let Some(until) = self.until {
            built.text(" and at < ").value(Value::Number(until.0));
        }
        match self.fold {
            None => {}
            Some(Fold::Outcomes) => drop(built.text(" and intent is null")),
            Some(Fold::EndedIntents) => {
                built.text(
                    " and not exists (select 1 from audit_log later where later.intent = audit_log.seq)",
                );
            }
        }
    }
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
