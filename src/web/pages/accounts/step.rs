//! The next step of an account's login: what its stage means, and the form for it. The same part is on the account's
//! page, in the dialog, in the answer to a form and in the events.

use askama::Template;

use crate::domain::privilege::{AccountPrivilege, AccountPrivileges};
use crate::domain::stage::CodeSent;
use crate::domain::{DesiredState, Input, Millis, Snapshot, Stage};
use crate::live::accounts::Entry;
use crate::web::form::FieldError;
use crate::web::pages::accounts::code_use::CodeUse;
use crate::web::paths;
use crate::web::words::moments::{Moment, moment};
use crate::web::words::stages;
use crate::words::refusals;

/// Seconds after a code was sent until another one is offered: the first is mostly still on its way.
const REST: i64 = 30;

#[derive(Template)]
#[template(path = "parts/step.html")]
pub struct Step<'a> {
    entry: &'a Entry,
    may: AccountPrivileges,
    /// None while the database is unavailable.
    codes: Option<&'a CodeUse>,
    now: Millis,
    /// What is wrong with the form that was just sent.
    error: Option<FieldError>,
    /// What Telegram said of the last try.
    last: Option<String>,
}

impl<'a> Step<'a> {
    pub fn new(entry: &'a Entry, may: AccountPrivileges, codes: Option<&'a CodeUse>, now: Millis) -> Self {
        let last = entry.snapshot.problem.as_ref().map(refusals::problem);
        Self { entry, may, codes, now, error: None, last }
    }

    pub fn with_error(self, error: Option<FieldError>) -> Self {
        Self { error, ..self }
    }

    fn snapshot(&self) -> &Snapshot {
        &self.entry.snapshot
    }

    fn label(&self) -> &str {
        stages::status(&self.entry.snapshot)
    }

    fn meaning(&self) -> String {
        stages::status_meaning(&self.entry.snapshot)
    }

    fn is_being_removed(&self) -> bool {
        self.entry.account.wanted == DesiredState::Removed
    }

    fn may_login(&self) -> bool {
        self.may.has(AccountPrivilege::Login)
    }

    fn can_connect(&self) -> bool {
        self.may.has(AccountPrivilege::ManageConnectionState) && self.snapshot().stage.can_connect()
    }

    /// The input for which there is a form.
    fn input(&self) -> Option<Input> {
        self.entry.snapshot.stage.input().filter(|_| self.may_login())
    }

    fn takes_code(&self) -> bool {
        self.input() == Some(Input::Code)
    }

    /// Whether the code has letters.
    fn takes_words(&self) -> bool {
        self.code_sent().is_some_and(|sent| !sent.is_digits())
    }

    fn takes_password(&self) -> bool {
        self.input() == Some(Input::Password)
    }

    /// The error of a field: from the form just sent, or from Telegram's answer to the last attempt. Both are in the same
    /// place, so that the order of the answer and the events does not matter.
    fn field_error(&self, field: &str) -> Option<&str> {
        self.problem().filter(|(at, _)| *at == Some(field)).map(|(_, message)| message)
    }

    /// The error, if it isn't about a field that is shown.
    fn general_error(&self) -> Option<&str> {
        self.problem().filter(|(at, _)| at.is_none()).map(|(_, message)| message)
    }

    fn problem(&self) -> Option<(Option<&str>, &str)> {
        let shown = self.input().map(Input::name);
        match &self.error {
            Some(error) => Some((error.field.filter(|field| Some(*field) == shown), &error.message)),
            // The note about a flood wait says it, as long as it holds.
            None if self.snapshot().flood_until.is_some() => None,
            None => self.last.as_deref().map(|message| (shown, message)),
        }
    }

    fn hint(&self) -> &str {
        match &self.entry.snapshot.stage {
            Stage::WaitPassword { hint, .. } => hint,
            _ => "",
        }
    }

    /// Where the password is asked for, the code was right: another one would only begin again.
    fn can_ask(&self) -> bool {
        let stage = &self.entry.snapshot.stage;
        self.may_login() && stage.can_ask_for_code() && stage.input() != Some(Input::Password)
    }

    /// Until when Telegram refuses requests.
    fn flood_until(&self) -> Option<Millis> {
        self.snapshot().flood_until.filter(|_| self.snapshot().is_flooded(self.now))
    }

    /// When the next code may be requested, if those of the day are used up.
    fn limited_until(&self) -> Option<Millis> {
        self.codes.and_then(|codes| codes.next_at(self.now))
    }

    /// From when on the code may be sent again: not while it is on its way.
    fn resend_from(&self) -> Option<Millis> {
        let telegrams = self.code_sent().and_then(|sent| sent.resend_from);
        let ours = self.snapshot().code_sent.map(|at| at.plus_seconds(REST));
        telegrams.max(ours).filter(|at| *at > self.now)
    }

    /// Until when no code can be requested.
    fn rests_until(&self) -> Option<Millis> {
        self.flood_until().max(self.limited_until()).max(self.resend_from())
    }

    /// When the step looks different although nothing has happened.
    pub fn changes_at(&self) -> Option<Millis> {
        let ends =
            [self.flood_until(), self.resend_from(), self.codes.and_then(|it| it.changes_at(self.now))];
        ends.into_iter().flatten().min()
    }

    fn used(&self) -> Option<(usize, u32)> {
        self.codes.map(|codes| (codes.used(self.now), codes.limit))
    }

    /// When the code was sent that is waited for, and whether it is not the first.
    fn sent(&self) -> Option<(Moment, bool)> {
        let waits = self.snapshot().stage.input() == Some(Input::Code);
        let sent = self.snapshot().code_sent.filter(|_| waits)?;
        Some((moment(sent), self.used().is_some_and(|(used, _)| used > 1)))
    }

    fn is_first_code(&self) -> bool {
        matches!(self.entry.snapshot.stage, Stage::SignedOut | Stage::Ended(_))
    }

    fn moment(&self, at: &Millis) -> Moment {
        moment(*at)
    }

    /// Until when there is no way to send another code.
    fn no_other_way_until(&self) -> Option<&Millis> {
        self.code_sent()?.no_other_way_until.as_ref()
    }

    fn code_sent(&self) -> Option<&CodeSent> {
        match &self.snapshot().stage {
            Stage::WaitCode(sent) => Some(sent),
            _ => None,
        }
    }

    /// Grows with every code that arrives.
    fn code_came_key(&self) -> i64 {
        self.snapshot().code_came.map_or(0, |came| came.0)
    }

    fn code_came_at(&self) -> Option<Moment> {
        self.snapshot().code_came.map(moment)
    }
}
