//! What is counted of the accounts in a list, kept up to date change by change.

use std::collections::BTreeMap;

use crate::domain::{DesiredState, Email, GroupId};
use crate::live::accounts::Entry;
use crate::web::pages::accounts::rows::Count;
use crate::web::words::stages;

/// What is counted of the visible accounts.
#[derive(Debug, Default)]
pub struct Counted {
    pub visible: usize,
    pub wanted: usize,
    pub starting: usize,
    /// How many each owner has, and how many are in each group.
    pub owners: BTreeMap<Email, usize>,
    pub groups: BTreeMap<GroupId, usize>,
    /// Grows when an owner or a group comes or goes.
    pub choices_version: u64,
    /// Those that the query asks for in any stage, altogether and by stage.
    pub in_any_stage: usize,
    pub stages: Vec<Count>,
}

impl Counted {
    pub fn add(&mut self, entry: &Entry) {
        let stage = &entry.snapshot.stage;
        let wanted = entry.account.wanted == DesiredState::Connected;
        self.visible += 1;
        let owner = entry.account.owner.iter().filter(|owner| count(&mut self.owners, owner));
        let groups = entry.account.groups.iter().filter(|group| count(&mut self.groups, group));
        if owner.count() + groups.count() > 0 {
            self.choices_version += 1;
        }
        self.wanted += usize::from(wanted);
        self.starting += usize::from(wanted && stage.is_starting());
    }

    pub fn add_stage(&mut self, entry: &Entry) {
        let snapshot = &entry.snapshot;
        self.in_any_stage += 1;
        match self.stages.iter_mut().find(|count| count.name == snapshot.status()) {
            Some(count) => count.count += 1,
            None => self.stages.push(Count {
                name: snapshot.status(),
                label: stages::status(snapshot).to_owned(),
                severity: snapshot.severity(),
                count: 1,
            }),
        }
    }

    pub fn remove(&mut self, entry: &Entry) {
        let stage = &entry.snapshot.stage;
        let wanted = entry.account.wanted == DesiredState::Connected;
        self.visible -= 1;
        let owner = entry.account.owner.iter().filter(|owner| uncount(&mut self.owners, owner));
        let groups = entry.account.groups.iter().filter(|group| uncount(&mut self.groups, group));
        if owner.count() + groups.count() > 0 {
            self.choices_version += 1;
        }
        self.wanted -= usize::from(wanted);
        self.starting -= usize::from(wanted && stage.is_starting());
    }

    pub fn remove_stage(&mut self, entry: &Entry) {
        let status = entry.snapshot.status();
        self.in_any_stage -= 1;
        if let Some(count) = self.stages.iter_mut().find(|count| count.name == status) {
            count.count -= 1;
        }
        self.stages.retain(|count| count.count > 0);
    }
}

/// Counts one more; whether it is the first.
fn count<K: Ord + Clone>(counts: &mut BTreeMap<K, usize>, key: &K) -> bool {
    match counts.get_mut(key) {
        Some(count) => *count += 1,
        None => drop(counts.insert(key.clone(), 1)),
    }
    counts.get(key) == Some(&1)
}

/// Counts one less; whether it was the last.
fn uncount<K: Ord>(counts: &mut BTreeMap<K, usize>, key: &K) -> bool {
    let Some(count) = counts.get_mut(key) else { return false };
    *count -= 1;
    let is_last = *count == 0;
    if is_last {
        counts.remove(key);
    }
    is_last
}
