//! The lines of an off-boarding as its report shows them.

use std::collections::HashMap;

use crate::domain::access::{Principal, privileges};
use crate::domain::job_line::{LineState, LineSubject};
use crate::domain::offboarding::Phase;
use crate::domain::privilege::AccountPrivilege;
use crate::domain::stage::Severity;
use crate::domain::{AccountId, Millis};
use crate::live::accounts::Entry;
use crate::ops::lines::Report;
use crate::store::job_lines::Line;
use crate::web::state::State;
use crate::web::words::jobs as words;
use crate::web::words::moments::{Moment, moment};
use crate::web::words::stages;

/// What became of a step.
pub struct LineReport {
    /// The account's number, or the person's address.
    pub name: String,
    pub what: String,
    pub state: LineState,
    pub label: &'static str,
    pub severity: Severity,
    /// Why it failed or waits; empty if it did not.
    pub why: String,
    /// How the account stands now, if the reader can see it.
    pub status: Option<Status>,
    part: Option<Phase>,
    account: Option<AccountId>,
    changed: Millis,
    next: Option<Millis>,
}

/// How an account stands.
#[derive(Clone)]
pub struct Status {
    pub label: String,
    pub severity: Severity,
    /// Why it is not logged in, if that is known.
    pub detail: Option<String>,
}

impl Status {
    fn of(entry: &Entry) -> Self {
        Self {
            label: stages::status(&entry.snapshot).to_owned(),
            severity: entry.snapshot.severity(),
            detail: stages::detail(&entry.snapshot.stage).map(str::to_owned),
        }
    }

    /// On one line.
    pub fn text(&self) -> String {
        match &self.detail {
            Some(detail) => format!("{}: {detail}", self.label),
            None => self.label.clone(),
        }
    }
}

impl LineReport {
    fn of(line: &Line, statuses: &HashMap<AccountId, Status>) -> Self {
        let planned = line.planned.as_ref();
        let account = planned.and_then(|planned| match planned.subject {
            LineSubject::Account(id) => Some(id),
            LineSubject::Person(_) => None,
        });
        let waits = line.state.is_open() && line.outcome.is_some();
        let (label, severity) = words::line(line.state, waits);
        Self {
            name: planned.map(|planned| planned.name.clone()).unwrap_or_default(),
            what: planned.map(|planned| words::action_with_details(&planned.action)).unwrap_or_default(),
            state: line.state,
            label,
            severity,
            why: line.outcome.clone().unwrap_or_default(),
            status: account.and_then(|id| statuses.get(&id).cloned()),
            part: planned.map(|planned| Phase::of(&planned.action)),
            account,
            changed: line.changed,
            next: waits.then_some(line.not_before),
        }
    }

    pub fn changed(&self) -> Moment {
        moment(self.changed)
    }

    pub fn next(&self) -> Option<Moment> {
        self.next.map(moment)
    }

    /// When it last changed and when it is tried again, for programs.
    pub fn times(&self) -> [String; 2] {
        [self.changed.rfc3339(), self.next.map(Millis::rfc3339).unwrap_or_default()]
    }
}

/// What was done with an account.
pub struct AccountReport {
    pub name: String,
    /// The account, if the reader can see it now.
    pub account: Option<AccountId>,
    pub status: Option<Status>,
    pub devices: Vec<LineReport>,
    pub password: Vec<LineReport>,
    pub owner: Vec<LineReport>,
}

/// What became of each step, in order.
pub fn all(app: &State, reader: &Principal, report: &Report) -> Vec<LineReport> {
    let (policy, listing) = app.live.policy_and_accounts();
    let ids = report.lines.iter().filter_map(|line| match line.planned.as_ref()?.subject {
        LineSubject::Account(id) => Some(id),
        LineSubject::Person(_) => None,
    });
    let entries = ids.filter_map(|id| Some((id, listing.get(id)?)));
    let sees = |entry: &Entry| privileges(&policy, reader, &entry.account).has(AccountPrivilege::View);
    let statuses = entries.filter(|(_, entry)| sees(entry)).map(|(id, entry)| (id, Status::of(entry)));
    let statuses = statuses.collect();
    report.lines.iter().map(|line| LineReport::of(line, &statuses)).collect()
}

/// The lines of a report by what they are about.
#[derive(Default)]
pub struct Parts {
    pub about_person: Vec<LineReport>,
    pub accounts: Vec<AccountReport>,
}

impl Parts {
    pub fn of(lines: Vec<LineReport>) -> Self {
        let mut parts = Self::default();
        let mut places: HashMap<AccountId, usize> = HashMap::new();
        for line in lines {
            let Some(id) = line.account else {
                parts.about_person.push(line);
                continue;
            };
            let place = *places.entry(id).or_insert(parts.accounts.len());
            if place == parts.accounts.len() {
                parts.accounts.push(AccountReport::new(&line));
            }
            if let Some(account) = parts.accounts.get_mut(place) {
                account.add(line);
            }
        }
        parts
    }
}

impl AccountReport {
    fn new(line: &LineReport) -> Self {
        let status = line.status.clone();
        Self {
            name: line.name.clone(),
            account: line.account.filter(|_| status.is_some()),
            status,
            devices: Vec::new(),
            password: Vec::new(),
            owner: Vec::new(),
        }
    }

    fn add(&mut self, line: LineReport) {
        match line.part {
            Some(Phase::Devices) => self.devices.push(line),
            Some(Phase::Password) => self.password.push(line),
            Some(Phase::Owner | Phase::Groups | Phase::LeftGroups) => self.owner.push(line),
            Some(Phase::Access) | None => {}
        }
    }
}
