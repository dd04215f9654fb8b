//! Who has access to an account, by permission.

use std::collections::HashMap;

use super::reasons::Names;
use crate::domain::Account;
use crate::domain::access::{Policy, Source, holders, is_leaving};
use crate::domain::privilege::AccountPrivilege;
use crate::store::{self, Conn, StoreError};
use crate::web::words::privileges::on_account;

/// People that are named for a permission; more are counted.
const NAMED: usize = 50;

/// The people who have one permission on the account.
pub struct HolderRow {
    pub name: &'static str,
    pub label: &'static str,
    /// Addresses and reasons.
    pub people: Vec<(String, String)>,
    pub more: usize,
}

/// Each person once, at their first place, with all reasons.
fn once_each(people: Vec<(String, String)>) -> Vec<(String, String)> {
    let mut once: Vec<(String, String)> = Vec::new();
    let mut places: HashMap<String, usize> = HashMap::new();
    for (person, reason) in people {
        match places.get(&person).and_then(|place| once.get_mut(*place)) {
            Some((_, reasons)) => {
                reasons.push(' ');
                reasons.push_str(&reason);
            }
            None => {
                places.insert(person.clone(), once.len());
                once.push((person, reason));
            }
        }
    }
    once
}

/// Everybody with a permission on an account.
pub async fn holder_rows(
    conn: &mut Conn<'_>,
    policy: &Policy,
    names: &Names,
    account: &Account,
) -> Result<Vec<HolderRow>, StoreError> {
    let administrators = store::users::administrators(conn).await?;
    let active_emails = store::users::active_emails(conn).await?;
    let owner = match &account.owner {
        Some(email) if !store::users::is_disabled(conn, email).await? => Some(email),
        _ => None,
    };
    let mut rows = Vec::new();
    for privilege in AccountPrivilege::ALL.iter().filter(|privilege| privilege.is_used()) {
        let mut people: Vec<(String, String)> = Vec::new();
        if !is_leaving(account, *privilege) {
            let admin = names.source(&Source::Administrator);
            people.extend(administrators.iter().map(|(_, email)| (email.to_string(), admin.clone())));
            let owner = owner.filter(|_| policy.owner().has(*privilege));
            people.extend(owner.map(|email| (email.to_string(), names.source(&Source::Owner))));
        }
        let mut by_roles: Vec<(String, String)> = holders(policy, account, *privilege)
            .into_iter()
            .filter_map(|(person, sources)| {
                let reasons: Vec<String> = sources.iter().map(|source| names.source(source)).collect();
                Some((active_emails.get(&person)?.to_string(), reasons.join(" ")))
            })
            .collect();
        by_roles.sort();
        people.extend(by_roles);
        let mut people = once_each(people);
        let more = people.len().saturating_sub(NAMED);
        people.truncate(NAMED);
        rows.push(HolderRow { name: privilege.name(), label: on_account(*privilege).0, people, more });
    }
    Ok(rows)
}
