//! What the database stores about an account beside its row: groups, limits, stored password, history.

use std::cmp::Reverse;
use std::collections::HashSet;

use crate::live::accounts::Entry;
use crate::store::{self, StoreError};
use crate::web::pages::accounts::code_use::CodeUse;
use crate::web::pages::audit::row::{self, AuditRow};
use crate::web::state::State;
use crate::web::words::accounts as words;
use crate::web::words::moments::Sentence;

/// Entries of the history.
const HISTORY: u32 = 30;

pub(super) struct Stored {
    pub(super) groups: Vec<String>,
    pub(super) codes: CodeUse,
    pub(super) password: Sentence,
    pub(super) has_password: bool,
    /// The token of a bot.
    pub(super) token: Sentence,
    pub(super) has_token: bool,
    /// Whether it is stored and was not rejected.
    pub(super) can_use_token: bool,
    /// Whether another person has to approve before a secret is shown.
    pub(super) needs_approval: bool,
    /// Whether people have to confirm their identity before that.
    pub(super) needs_confirmation: bool,
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
        let token = store::secrets::bot_token(conn, account.id).await?;
        let needs_approval = store::groups::any_needs_approval(conn, account.id).await?;
        let needs_confirmation = store::groups::any_needs_confirmation(conn, account.id).await?;
        let mut history = store::audit::of_account(conn, account.id, HISTORY).await?;
        // What was begun and its outcome are one line, at the place where it began: what it led to comes after it.
        let ended: HashSet<i64> = history.iter().filter_map(|entry| entry.intent).collect();
        history.retain(|entry| !ended.contains(&entry.seq));
        history.sort_by_key(|entry| Reverse(entry.intent.unwrap_or(entry.seq)));
        let history = row::rows(conn, history).await?;
        Ok(Self {
            groups: groups
                .into_iter()
                .filter(|group| account.groups.contains(&group.id))
                .map(|group| group.name)
                .collect(),
            codes,
            has_password: password.is_some(),
            password: words::stored_password(password.map(|fact| (fact.stored_at, fact.rejected_at))),
            has_token: token.is_some(),
            can_use_token: token.is_some_and(|fact| fact.rejected_at.is_none()),
            token: words::stored_token(token.map(|fact| (fact.stored_at, fact.rejected_at))),
            needs_approval,
            needs_confirmation,
            history,
        })
    }
}
