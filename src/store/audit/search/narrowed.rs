//! Reading the entries of a narrowed search.

use super::{BOUND, Entry, Fold, Found, Narrowed, RARE, SELECT, STEP, newest, one_of, within};
use crate::store::conn::{Built, Value, all_built};
use crate::store::{Conn, StoreError};

impl Narrowed {
    /// The newest `limit` matching entries before `before`.
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

    /// A column for which only few entries have the accepted values, if there is one.
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

    /// Scans backwards from the end until there are enough entries or the bound is reached.
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

    /// The matching entries from `first` to `last`, the oldest first. For scanning the whole log in chunks of the caller's
    /// choice.
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

    /// The first and last entry number that can match.
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
