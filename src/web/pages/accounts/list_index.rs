//! The accounts that a class of viewers sees with a query, in order and counted. A change of an account costs
//! the same however many accounts there are.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use crate::domain::access::ClassRights;
use crate::domain::privilege::SystemPrivilege;
use crate::domain::{AccountId, Email, Identifier};
use crate::live::accounts::{Directory, Entry, GroupNames, Listing};
use crate::web::pages::accounts::counted::Counted;
use crate::web::pages::accounts::filter::Filter;
use crate::web::pages::accounts::query::AccountsQuery;
use crate::web::pages::accounts::rows::{self, Choices, PAGE, View, urgency};
use crate::web::words::stages;

/// The index of one listing.
#[derive(Debug)]
pub struct ListIndex {
    rights: ClassRights,
    listing: Arc<Listing>,
    groups: Arc<GroupNames>,
    counted: Counted,
    /// The accounts that match the query.
    matching: BTreeSet<(SortKey, AccountId)>,
}

/// What comes before the id in the order of a list.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum SortKey {
    Added,
    Account(Identifier),
    Owner(Option<Email>),
    Stage(u8, String),
}

impl SortKey {
    fn of(query: &AccountsQuery, entry: &Entry) -> Self {
        match query.sort_column() {
            "phone" => Self::Account(entry.account.identifier.clone()),
            "owner" => Self::Owner(entry.account.owner.clone()),
            "stage" => {
                let snapshot = &entry.snapshot;
                Self::Stage(urgency(snapshot.severity()), stages::status(snapshot).to_owned())
            }
            _ => Self::Added,
        }
    }
}

impl ListIndex {
    pub fn new(
        rights: ClassRights,
        accounts: &Directory,
        listing: Arc<Listing>,
        query: &AccountsQuery,
    ) -> Self {
        let groups = accounts.groups();
        let mut index = Self {
            rights,
            listing: Arc::clone(&listing),
            groups: Arc::clone(&groups),
            counted: Counted::default(),
            matching: BTreeSet::new(),
        };
        let filter = Filter::new(query, groups);
        listing.iter().for_each(|entry| index.add(query, &filter, entry));
        index
    }

    /// Takes in what has changed in the directory until `new`; whether anything has. What is taken in stays, also if another
    /// viewer has read an older listing.
    pub fn update(&mut self, accounts: &Directory, new: Arc<Listing>, query: &AccountsQuery) -> bool {
        let is_newer = new.version > self.listing.version;
        // A group's name is looked for in all of its accounts.
        if !query.q.is_empty() && !Arc::ptr_eq(&self.groups, &accounts.groups()) {
            let listing = if is_newer { new } else { Arc::clone(&self.listing) };
            *self = Self::new(self.rights.clone(), accounts, listing, query);
            return true;
        }
        if !is_newer {
            return false;
        }
        let changed = accounts.changed_since(self.listing.version);
        match changed.filter(|ids| ids.len() <= new.entries.len()) {
            Some(ids) => {
                let old = std::mem::replace(&mut self.listing, Arc::clone(&new));
                let filter = Filter::new(query, Arc::clone(&self.groups));
                for id in ids.into_iter().collect::<HashSet<_>>() {
                    if let Some(entry) = old.get(id) {
                        self.remove(query, &filter, entry);
                    }
                    if let Some(entry) = new.get(id) {
                        self.add(query, &filter, entry);
                    }
                }
            }
            None => *self = Self::new(self.rights.clone(), accounts, new, query),
        }
        true
    }

    fn add(&mut self, query: &AccountsQuery, filter: &Filter<'_>, entry: &Entry) {
        if !self.rights.sees(&entry.account) {
            return;
        }
        self.counted.add(entry);
        if !filter.fits_beside_stage(entry) {
            return;
        }
        self.counted.add_stage(entry);
        if filter.fits_stage(entry) {
            self.matching.insert((SortKey::of(query, entry), entry.account.id));
        }
    }

    fn remove(&mut self, query: &AccountsQuery, filter: &Filter<'_>, entry: &Entry) {
        if !self.rights.sees(&entry.account) {
            return;
        }
        self.counted.remove(entry);
        if !filter.fits_beside_stage(entry) {
            return;
        }
        self.counted.remove_stage(entry);
        if filter.fits_stage(entry) {
            self.matching.remove(&(SortKey::of(query, entry), entry.account.id));
        }
    }

    /// A number for what may be filtered by, but for the names of groups.
    pub fn choices_version(&self) -> u64 {
        self.counted.choices_version
    }

    /// What may be filtered by.
    pub fn choices(&self, names: &GroupNames, query: &AccountsQuery) -> Choices {
        rows::choices(self.counted.groups.keys(), self.counted.owners.keys(), names, query)
    }

    /// The query's page.
    pub fn view(&self, query: &AccountsQuery) -> View {
        let matching = self.matching.len();
        let pages = matching.div_ceil(PAGE).max(1);
        let page = query.page.unwrap_or(1).clamp(1, pages);
        let skipped = (page - 1) * PAGE;
        let ids: Vec<AccountId> = if query.is_descending() {
            self.matching.iter().rev().skip(skipped).take(PAGE).map(|(_, id)| *id).collect()
        } else {
            self.matching.iter().skip(skipped).take(PAGE).map(|(_, id)| *id).collect()
        };
        let entries = ids.into_iter().filter_map(|id| self.listing.get(id));
        let rows = entries.map(|entry| (Arc::clone(entry), self.rights.privileges(&entry.account)));
        let mut stages = self.counted.stages.clone();
        stages.sort_by(|a, b| (urgency(a.severity), &a.label).cmp(&(urgency(b.severity), &b.label)));
        View {
            rows: rows.collect(),
            matching,
            visible: self.counted.visible,
            in_any_stage: self.counted.in_any_stage,
            page,
            pages,
            stages,
            may_add: self.rights.system().has(SystemPrivilege::AddAccount),
            system: self.rights.system(),
            has_groups: self.rights.has_groups(),
            wanted: self.counted.wanted,
            starting: self.counted.starting,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::access::{Policy, RightsClass};
    use crate::domain::{Account, DesiredState, GroupId, Millis, Phone, Snapshot, Stage};
    use crate::live::events::Events;

    fn account(number: u16) -> Account {
        Account {
            id: AccountId::generate(),
            identifier: Phone::test(1, number % 250 * 79 % 1000).into(),
            owner: (!number.is_multiple_of(3))
                .then(|| Email::parse(&format!("o{}@example.org", number % 5)).unwrap()),
            comment: String::new(),
            groups: Vec::<GroupId>::new(),
            wanted: if number.is_multiple_of(2) {
                DesiredState::Connected
            } else {
                DesiredState::Disconnected
            },
            folder: String::new(),
            created: Millis(0),
        }
    }

    fn shown(index: &ListIndex, query: &AccountsQuery) -> String {
        let view = index.view(query);
        let rows: Vec<_> =
            view.rows.iter().map(|(entry, may)| (entry.account.id, entry.version, *may)).collect();
        let choices = index.choices(&GroupNames::default(), query);
        format!("{rows:?} {choices:?} {:?}", View { rows: vec![], ..view })
    }

    /// After each of many changes the index equals a newly built one.
    #[test]
    fn an_updated_index_is_what_a_new_one_is() {
        let accounts = Directory::new((0..250).map(account).collect(), Events::default());
        let classes = [
            RightsClass::Everything,
            RightsClass::Limited { owner: Some(Email::parse("o1@example.org").unwrap()), roles: [].into() },
            RightsClass::Limited { owner: None, roles: [].into() },
        ];
        let query = |sort: &str, stage: &str, page| AccountsQuery {
            sort: sort.into(),
            stage: stage.into(),
            page: Some(page),
            ..AccountsQuery::default()
        };
        let queries = [
            query("", "", 1),
            query("", "", 3),
            query("phone", "", 2),
            query("-phone", "", 1),
            AccountsQuery { q: "o2@".into(), ..query("-stage", "", 1) },
            query("owner", "ready", 1),
            query("stage", "", 1),
            query("", "starting", 1),
        ];
        let policy = Policy::default();
        let make = |class: &RightsClass, query: &AccountsQuery| {
            ListIndex::new(class.resolve(&policy), &accounts, accounts.listing(), query)
        };
        let mut indexes: Vec<(usize, usize, ListIndex)> = Vec::new();
        for (c, class) in classes.iter().enumerate() {
            indexes.extend(queries.iter().enumerate().map(|(q, query)| (c, q, make(class, query))));
        }
        let ids: Vec<AccountId> = accounts.listing().iter().map(|entry| entry.account.id).collect();
        for step in 0..120_usize {
            let id = ids[step * 37 % ids.len()];
            match step % 6 {
                0 => accounts.remove(id),
                1 => accounts.put_account(account(u16::try_from(step).unwrap())),
                2 => accounts.put_details(
                    id,
                    Some(Email::parse("o1@example.org").unwrap()),
                    "x".into(),
                    vec![],
                ),
                3 => accounts.put_snapshot(id, Snapshot { stage: Stage::Starting, ..Snapshot::off() }),
                _ => accounts.put_snapshot(id, Snapshot { stage: Stage::Ready, ..Snapshot::off() }),
            }
            for (c, q, index) in &mut indexes {
                // Some fall behind and apply several changes at once.
                if (step + *c + *q) % 3 > 0 {
                    index.update(&accounts, accounts.listing(), &queries[*q]);
                    assert_eq!(
                        shown(index, &queries[*q]),
                        shown(&make(&classes[*c], &queries[*q]), &queries[*q])
                    );
                }
            }
        }
    }
}
