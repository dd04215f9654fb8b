//! An entry of the audit log as a row of a table: on the log's page, in the account's history and in the live stream.

use std::collections::HashMap;

use askama::Template;

use crate::domain::audit::AuditKind;
use crate::domain::{AccountId, Phone};
use crate::store::audit::Entry;
use crate::store::{Conn, StoreError, accounts};
use crate::web::paths;
use crate::web::state::State;
use crate::web::words::{audit, text};

#[derive(Clone, Debug)]
pub struct AuditRow {
    pub seq: i64,
    pub at: String,
    pub code: String,
    pub outcome: &'static str,
    /// The event as a sentence without actor and time.
    pub words: String,
    pub actor: String,
    pub account: Option<AuditAccount>,
    pub address: Option<String>,
    /// The id of the request in the server's log.
    pub request: Option<String>,
    pub reason: Option<String>,
    /// Details that the sentence does not have: names and values.
    pub details: Vec<(String, String)>,
    /// Whether there were details that retention removed.
    pub blanked: bool,
}

/// The account that an entry is about.
#[derive(Clone, Debug)]
pub struct AuditAccount {
    pub id: AccountId,
    pub phone: Option<Phone>,
    /// Whether it was removed, so that it has no page.
    pub removed: bool,
}

/// The numbers of accounts, and whether they were removed.
pub type Numbers = HashMap<AccountId, (Phone, bool)>;

/// Reads the numbers of the accounts of these entries at once.
pub async fn numbers(conn: &mut Conn<'_>, entries: &[Entry]) -> Result<Numbers, StoreError> {
    let mut ids: Vec<AccountId> = entries.iter().filter_map(|entry| entry.account).collect();
    ids.sort_unstable();
    ids.dedup();
    accounts::numbers(conn, &ids).await
}

impl AuditRow {
    /// An entry about an account that exists.
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
            AuditAccount { id, phone, removed }
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

    /// Whether a secret was seen without the approval that is needed.
    fn is_emergency(&self) -> bool {
        self.code == AuditKind::EmergencyCodeShown.code()
    }

    /// The style of its outcome.
    pub fn severity(&self) -> &'static str {
        match self.outcome {
            "done" => "good",
            "failed" => "bad",
            "unknown" => "waiting",
            _ => "moving",
        }
    }
}

#[derive(Template)]
#[template(path = "parts/audit_rows.html")]
struct AuditRows<'a> {
    rows: &'a [AuditRow],
}

/// The rows as HTML.
pub fn render(rows: &[AuditRow]) -> Result<String, askama::Error> {
    AuditRows { rows }.render()
}
