//! What the database knows of an account beside its row: its groups, its limits, its stored password, its history.

use std::collections::HashSet;

use crate::domain::audit::Outcome;
use crate::live::accounts::Entry;
use crate::store::{self, StoreError};
use crate::web::pages::accounts::code_use::CodeUse;
use crate::web::pages::audit::row::AuditRow;
use crate::web::state::State;
use crate::web::words::accounts as words;

/// Entries of the history.
const HISTORY: u32 = 30;

pub(super) struct Stored {
    pub(super) groups: Vec<String>,
    pub(super) codes: CodeUse,
    pub(super) password: String,
    pub(super) has_password: bool,
    /// Whether another person has to approve before a secret is shown.
    pub(super) needs_approval: bool,
    pub(super) history: Vec<AuditRow>,
}

impl Stored {
    /// All of one moment, so that no figure contradicts another.
    pub(super) async fn read(app: &State, entry: &Entry) -> Result<Self, StoreError> {
        let account = &entry.account;
        let conn = &mut app.db.read().await?;
        let groups = store::groups::all(conn).await?;
        let codes = CodeUse::read(app, conn, account).await?;
        let password = store::secrets::two_step_password(conn, account.id).await?;
        let needs_approval = store::groups::any_needs_approval(conn, account.id).await?;
        let history = store::audit::of_account(conn, account.id, HISTORY).await?;
        // The outcome says it all; the intent before it would say it twice.
        let ended: HashSet<i64> = history.iter().filter_map(|entry| entry.intent).collect();
        let history = history
            .into_iter()
            .filter(|entry| entry.outcome != Outcome::Intent || !ended.contains(&entry.seq));
        Ok(Self {
            groups: groups
                .into_iter()
                .filter(|group| account.groups.contains(&group.id))
                .map(|group| group.name)
                .collect(),
            codes,
            has_password: password.is_some(),
            password: words::stored_password(password.map(|fact| (fact.stored_at, fact.rejected_at))),
            needs_approval,
            history: history.map(|entry| AuditRow::of(app, entry)).collect(),
        })
    }
}
