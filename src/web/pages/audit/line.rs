//! An entry of the trail as people read it. The page, the account's history and the live stream show the same line.

use std::collections::HashMap;

use askama::Template;

use crate::domain::{AccountId, Phone};
use crate::store::audit::Entry;
use crate::store::{Conn, StoreError, accounts};
use crate::web::state::State;
use crate::web::words::{audit, text};

/// An entry as a line of a page.
#[derive(Clone, Debug)]
pub struct Line {
    /// Its number.
    pub seq: i64,
    /// When.
    pub at: String,
    /// What, as a code.
    pub code: String,
    /// Done, intent, failed or unknown.
    pub outcome: &'static str,
    /// All of it in words, but for who and when.
    pub words: String,
    /// Who.
    pub actor: String,
    /// The account.
    pub account: Option<Subject>,
    /// The address that the request came from.
    pub address: Option<String>,
    /// The number of the request in the log.
    pub request: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// What its details say beyond that: names and values.
    pub details: Vec<(String, String)>,
    /// Whether there was more, which was taken out.
    pub blanked: bool,
}

/// The account that an entry is about.
#[derive(Clone, Debug)]
pub struct Subject {
    /// Its id.
    pub id: AccountId,
    /// Its number, if it is known.
    pub phone: Option<Phone>,
    /// Whether it is removed, so that it has no page.
    pub removed: bool,
}

/// The numbers of the accounts that entries are about.
pub type Numbers = HashMap<AccountId, (Phone, bool)>;

/// Looks up the numbers of the accounts of these entries, once for all.
pub async fn numbers(conn: &mut Conn<'_>, entries: &[Entry]) -> Result<Numbers, StoreError> {
    let mut ids: Vec<AccountId> = entries.iter().filter_map(|entry| entry.account).collect();
    ids.sort_unstable();
    ids.dedup();
    accounts::numbers(conn, &ids).await
}

impl Line {
    /// An entry of an account that is there.
    pub fn of(app: &State, entry: Entry) -> Self {
        let known = entry.account.and_then(|id| app.live.accounts.get(id));
        let phone = known.map(|known| (known.account.phone.clone(), false));
        Self::with_number(entry, phone)
    }

    /// An entry, with what is known of its account.
    pub fn with(entry: Entry, numbers: &Numbers) -> Self {
        let phone = entry.account.and_then(|id| numbers.get(&id)).cloned();
        Self::with_number(entry, phone)
    }

    fn with_number(entry: Entry, number: Option<(Phone, bool)>) -> Self {
        let account = entry.account.map(|id| {
            let (phone, removed) = number.map_or((None, true), |(phone, removed)| (Some(phone), removed));
            Subject { id, phone, removed }
        });
        let words = audit::sentence(&entry.event(), entry.outcome);
        Self {
            seq: entry.seq,
            at: text::moment(entry.at),
            details: audit::beside(entry.details.as_deref(), &words),
            words,
            outcome: entry.outcome.name(),
            blanked: entry.is_blanked(),
            code: entry.code,
            actor: entry.actor,
            account,
            address: entry.address,
            request: entry.request_id,
            reason: entry.reason,
        }
    }

    /// The colour of its outcome.
    pub fn mood(&self) -> &'static str {
        match self.outcome {
            "done" => "good",
            "failed" => "bad",
            "unknown" => "waiting",
            _ => "moving",
        }
    }
}

/// The rows of these lines.
#[derive(Template)]
#[template(path = "parts/trail.html")]
struct Rows<'a> {
    lines: &'a [Line],
}

/// Lines as rows of the table.
pub fn rows(lines: &[Line]) -> Result<String, askama::Error> {
    Rows { lines }.render()
}
