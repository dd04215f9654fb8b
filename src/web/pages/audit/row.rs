//! An entry of the audit log as a row of a table: on the log's page, in the account's history and in the live stream. What
//! was begun and its outcome are two entries, and one row.

use std::collections::HashMap;

use askama::Template;

use crate::domain::audit::{AuditKind, Outcome};
use crate::domain::stage::Severity;
use crate::domain::{AccountId, Identifier};
use crate::store::audit::Entry;
use crate::store::{Conn, StoreError, accounts, audit as audit_log};
use crate::web::paths;
use crate::web::words::{audit, moments, moments::Moment};

pub struct AuditRow {
    pub seq: i64,
    pub at: Moment,
    pub code: String,
    pub outcome: Outcome,
    /// The number of the entry that has the outcome, where that is another one.
    pub ended_in: Option<i64>,
    /// The event as a sentence without actor and time.
    pub words: String,
    pub actor: String,
    /// Whether the actor is a person, by their address.
    pub is_person: bool,
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
    pub identifier: Option<Identifier>,
    /// Whether it was removed, so that it has no page.
    pub removed: bool,
}

/// The numbers of accounts, and whether they were removed.
pub type Numbers = HashMap<AccountId, (Identifier, bool)>;

/// Reads the numbers of the accounts of these entries at once.
pub async fn numbers(conn: &mut Conn<'_>, entries: &[Entry]) -> Result<Numbers, StoreError> {
    let mut ids: Vec<AccountId> = entries.iter().filter_map(|entry| entry.account).collect();
    ids.sort_unstable();
    ids.dedup();
    accounts::numbers(conn, &ids).await
}

impl AuditRow {
    /// An entry, with what is known of its account.
    fn with(deed: Deed, numbers: &Numbers) -> Self {
        let number = deed.entry.account.and_then(|id| numbers.get(&id)).cloned();
        Self::with_number(deed, number)
    }

    fn with_number(Deed { entry, outcome: ended }: Deed, number: Option<(Identifier, bool)>) -> Self {
        let account = entry.account.map(|id| {
            let (identifier, removed) =
                number.map_or((None, true), |(known, removed)| (Some(known), removed));
            AuditAccount { id, identifier, removed }
        });
        // The outcome may know more than the intent.
        let newest = ended.as_ref().unwrap_or(&entry);
        let words = audit::sentence(&newest.event(), newest.outcome);
        Self {
            seq: entry.seq,
            at: moments::moment(entry.at),
            details: audit::beside(newest.details.as_deref(), &words),
            words,
            outcome: newest.outcome,
            ended_in: ended.as_ref().map(|ended| ended.seq),
            blanked: newest.is_blanked(),
            is_person: entry.actor.contains('@'),
            code: entry.code,
            actor: audit::actor(&entry.actor).to_owned(),
            account,
            address: entry.address,
            request: entry.request_id,
            reason: entry.reason,
        }
    }

    /// Whether it was done without the approval that is needed.
    fn is_emergency(&self) -> bool {
        [AuditKind::EmergencyCodeShown, AuditKind::EmergencyDeviceLoggedIn]
            .iter()
            .any(|kind| self.code == kind.code())
    }

    /// The style of its outcome.
    pub fn severity(&self) -> &'static str {
        match self.outcome {
            Outcome::Done => Severity::Good,
            Outcome::Failed => Severity::Bad,
            Outcome::NotSent => Severity::Off,
            Outcome::Unknown => Severity::Waiting,
            Outcome::Intent => Severity::Moving,
        }
        .name()
    }

    pub fn outcome_label(&self) -> &'static str {
        audit::outcome(self.outcome)
    }
}

/// Something that was done: its entry, or the intent, with the entry of the outcome where there is one.
#[derive(Debug)]
pub struct Deed {
    pub entry: Entry,
    pub outcome: Option<Entry>,
}

/// Reads the other halves of these entries, and the numbers of their accounts. The order stays.
pub async fn rows(conn: &mut Conn<'_>, entries: Vec<Entry>) -> Result<Vec<AuditRow>, StoreError> {
    let numbers = numbers(conn, &entries).await?;
    let open: Vec<i64> =
        entries.iter().filter(|entry| entry.outcome == Outcome::Intent).map(|entry| entry.seq).collect();
    let begun: Vec<i64> = entries.iter().filter_map(|entry| entry.intent).collect();
    let mut outcomes: HashMap<i64, Entry> =
        audit_log::outcomes(conn, &open).await?.into_iter().filter_map(|it| Some((it.intent?, it))).collect();
    let mut intents: HashMap<i64, Entry> =
        audit_log::numbered(conn, &begun).await?.into_iter().map(|it| (it.seq, it)).collect();
    let deeds = entries.into_iter().map(|entry| match entry.intent.and_then(|seq| intents.remove(&seq)) {
        Some(intent) => Deed { entry: intent, outcome: Some(entry) },
        None => Deed { outcome: outcomes.remove(&entry.seq), entry },
    });
    Ok(deeds.map(|deed| AuditRow::with(deed, &numbers)).collect())
}

#[derive(Template)]
#[template(path = "parts/audit_rows.html")]
struct AuditRows<'a> {
    rows: &'a [AuditRow],
    /// Whether the reader may open the pages of people.
    links_people: bool,
}

/// The rows as HTML.
pub fn render(rows: &[AuditRow], links_people: bool) -> Result<String, askama::Error> {
    AuditRows { rows, links_people }.render()
}
