//! Which accounts a form is about: those that were selected one by one, all of a list's page, all that match its query, or
//! all of a group. Only accounts that the sender can see are among them.

use std::sync::Arc;

use crate::domain::access::{Principal, privileges};
use crate::domain::privilege::AccountPrivilege;
use crate::domain::{AccountId, GroupId};
use crate::live::accounts::Entry;
use crate::web::pages::access::fields::FormFields;
use crate::web::pages::accounts::filter::Filter;
use crate::web::pages::accounts::query::AccountsQuery;
use crate::web::state::AppState;

pub fn accounts_of(app: &AppState, actor: &Principal, fields: &FormFields) -> Vec<AccountId> {
    let mut ids = fields.ids::<AccountId>("account");
    if let Some(query) = AccountsQuery::of_text(fields.one("query")) {
        for all in fields.all("all") {
            match all {
                "shown" => {
                    let (_, list) = app.lists.current(app, actor, &query);
                    ids.extend(list.view.rows.iter().map(|(entry, _)| entry.account.id));
                }
                "matching" => ids.extend(matching(app, &query)),
                _ => {}
            }
        }
    }
    for group in fields.ids::<GroupId>("in_group") {
        let query = AccountsQuery { group: group.to_string(), ..AccountsQuery::default() };
        ids.extend(matching(app, &query));
    }
    visible(app, actor, ids)
}

fn matching(app: &AppState, query: &AccountsQuery) -> Vec<AccountId> {
    let filter = Filter::new(query, app.live.accounts.groups());
    let listing = app.live.accounts.listing();
    listing.iter().filter(|entry| filter.fits(entry)).map(|entry| entry.account.id).collect()
}

/// Each account once, if the actor can see it, by what identifies it.
fn visible(app: &AppState, actor: &Principal, mut ids: Vec<AccountId>) -> Vec<AccountId> {
    ids.sort_unstable();
    ids.dedup();
    let (policy, accounts) = app.live.policy_and_accounts();
    let sees = |entry: &&Arc<Entry>| privileges(&policy, actor, &entry.account).has(AccountPrivilege::View);
    let mut entries: Vec<&Arc<Entry>> = ids.iter().filter_map(|id| accounts.get(*id)).filter(sees).collect();
    entries.sort_by(|one, other| one.account.identifier.cmp(&other.account.identifier));
    entries.into_iter().map(|entry| entry.account.id).collect()
}
