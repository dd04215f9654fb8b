//! What a change of rules gives and takes, as sentences: who, where, what.
//!
//! What happens to the same people in several places alike is one sentence, and long lists end with a number.

use std::collections::BTreeMap;

use crate::domain::access::{Principal, PrivilegeDelta, privileges};
use crate::domain::privilege::AccountPrivilege;
use crate::domain::{AccountId, Email};
use crate::web::state::State;
use crate::web::words::privileges::{account_labels, system_labels};

/// How many people or places a sentence names.
const NAMED: usize = 20;

/// One sentence: these people gain and lose this there.
#[derive(Debug)]
pub struct Sentence {
    /// Where, with its preposition.
    pub place: String,
    /// Who.
    pub people: String,
    /// Whether it is one person.
    pub one: bool,
    /// What they gain, in short words.
    pub gained: Vec<&'static str>,
    /// What they lose.
    pub lost: Vec<&'static str>,
}

/// The kinds of places that a sentence may speak of.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    System,
    Groups,
    Accounts,
}

type Key = (Kind, Vec<&'static str>, Vec<&'static str>, Vec<Email>);

/// The sentences of these effects, for `reader`, who does not learn of accounts that he may not see.
pub fn sentences(
    app: &State,
    reader: &Principal,
    policy_diff: Vec<(PrivilegeDelta, Vec<Email>)>,
) -> Vec<Sentence> {
    let groups = app.live.accounts.groups();
    let mut alike: BTreeMap<Key, Vec<Option<String>>> = BTreeMap::new();
    for (effect, people) in policy_diff {
        let (kind, gained, lost, place) = match effect {
            PrivilegeDelta::System { gained, lost } => {
                (Kind::System, system_labels(gained), system_labels(lost), None)
            }
            PrivilegeDelta::Group { group, gained, lost } => {
                let name = groups.get(&group).map(|name| format!("“{name}”"));
                (Kind::Groups, account_labels(gained), account_labels(lost), name)
            }
            PrivilegeDelta::Account { account, gained, lost } => {
                let number = visible_number(app, reader, account);
                (Kind::Accounts, account_labels(gained), account_labels(lost), number)
            }
        };
        alike.entry((kind, gained, lost, people)).or_default().push(place);
    }
    alike.into_iter().map(|(key, places)| sentence(key, places)).collect()
}

fn visible_number(app: &State, reader: &Principal, account: AccountId) -> Option<String> {
    let entry = app.live.accounts.get(account)?;
    let may = privileges(&app.live.policy.current(), reader, &entry.account);
    may.has(AccountPrivilege::View).then(|| entry.account.phone.to_string())
}

fn sentence((kind, gained, lost, people): Key, places: Vec<Option<String>>) -> Sentence {
    let hidden = places.iter().filter(|place| place.is_none()).count();
    let mut names: Vec<String> = places.into_iter().flatten().collect();
    names.sort();
    let one_place = names.len() + hidden == 1;
    let place = match kind {
        Kind::System => "With Telescope itself".to_owned(),
        Kind::Groups if one_place => format!("In the group {}", listed(names, hidden)),
        Kind::Groups => format!("In the groups {}", listed(names, hidden)),
        Kind::Accounts if names.is_empty() => "With accounts that you may not see".to_owned(),
        Kind::Accounts if one_place => format!("With the account {}", listed(names, hidden)),
        Kind::Accounts => format!("With the accounts {}", listed(names, hidden)),
    };
    let one = people.len() == 1;
    let people = listed(people.into_iter().map(|email| email.to_string()).collect(), 0);
    Sentence { place, people, one, gained, lost }
}

/// Names with commas between them; what is too many, and what has no name, as a number.
fn listed(mut names: Vec<String>, nameless: usize) -> String {
    let more = names.len().saturating_sub(NAMED) + nameless;
    names.truncate(NAMED);
    match (more, names.pop()) {
        (0, None) => String::new(),
        (0, Some(last)) if names.is_empty() => last,
        (0, Some(last)) => format!("{} and {last}", names.join(", ")),
        (more, None) => format!("{more} more"),
        (more, Some(last)) => {
            names.push(last);
            format!("{} and {more} more", names.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lists_end_with_a_number() {
        let names = |count: usize| (0..count).map(|at| format!("n{at}")).collect::<Vec<_>>();
        assert_eq!(listed(names(0), 0), "");
        assert_eq!(listed(names(1), 0), "n0");
        assert_eq!(listed(names(3), 0), "n0, n1 and n2");
        assert_eq!(listed(names(1), 2), "n0 and 2 more");
        let long = listed(names(10_000), 0);
        assert!(long.ends_with("n18, n19 and 9980 more"), "{long}");
    }
}
