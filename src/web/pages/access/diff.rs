//! What a change of the policy grants and removes, as sentences. Changes that are alike for the same people in several
//! places are one sentence.

use std::collections::BTreeMap;

use crate::domain::access::{Principal, PrivilegeDelta, privileges};
use crate::domain::privilege::AccountPrivilege;
use crate::domain::{AccountId, Email};
use crate::web::state::State;
use crate::web::words::access::{Scope, list, scope};
use crate::web::words::privileges::{account_labels, system_labels};
use crate::words::quoted;

/// These people gain and lose these permissions there.
#[derive(Debug)]
pub struct Sentence {
    pub place: String,
    pub people: String,
    /// Whether it is one person.
    pub one: bool,
    pub gained: Vec<&'static str>,
    pub lost: Vec<&'static str>,
}

type Key = (Scope, Vec<&'static str>, Vec<&'static str>, Vec<Email>);

/// The changes as sentences for `reader`, without the numbers of accounts that they can't see.
pub fn sentences(
    app: &State,
    reader: &Principal,
    policy_diff: Vec<(PrivilegeDelta, Vec<Email>)>,
) -> Vec<Sentence> {
    let groups = app.live.accounts.groups();
    let mut places: BTreeMap<Key, Vec<Option<String>>> = BTreeMap::new();
    for (delta, people) in policy_diff {
        let (scope, gained, lost, place) = match delta {
            PrivilegeDelta::System { gained, lost } => {
                (Scope::System, system_labels(gained), system_labels(lost), None)
            }
            PrivilegeDelta::Group { group, gained, lost } => {
                let name = groups.get(&group).map(|name| quoted(name));
                (Scope::Groups, account_labels(gained), account_labels(lost), name)
            }
            PrivilegeDelta::Account { account, gained, lost } => {
                let number = visible_number(app, reader, account);
                (Scope::Accounts, account_labels(gained), account_labels(lost), number)
            }
        };
        places.entry((scope, gained, lost, people)).or_default().push(place);
    }
    places.into_iter().map(|(key, places)| sentence(key, places)).collect()
}

fn visible_number(app: &State, reader: &Principal, account: AccountId) -> Option<String> {
    let entry = app.live.accounts.get(account)?;
    let privileges = privileges(&app.live.policy.current(), reader, &entry.account);
    privileges.has(AccountPrivilege::View).then(|| entry.account.identifier.to_string())
}

fn sentence((kind, gained, lost, people): Key, places: Vec<Option<String>>) -> Sentence {
    let hidden = places.iter().filter(|place| place.is_none()).count();
    let mut names: Vec<String> = places.into_iter().flatten().collect();
    names.sort();
    let one = people.len() == 1;
    let people = list(people.into_iter().map(|email| email.to_string()).collect(), 0);
    Sentence { place: scope(kind, names, hidden), people, one, gained, lost }
}
