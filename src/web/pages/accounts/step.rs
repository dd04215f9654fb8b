//! The next step of an account's login: what its stage means, and the form that leads on. The same part is on the account's
//! page, in the dialog, in the answer to a form and in the events.

use askama::Template;

use crate::domain::privilege::{AccountPrivilege, AccountPrivileges};
use crate::domain::stage::CodeSent;
use crate::domain::{DesiredState, Input, Millis, Snapshot, Stage};
use crate::live::accounts::Entry;
use crate::web::form::FieldError;
use crate::web::paths;
use crate::web::words::moments::{Moment, moment};
use crate::web::words::stages;
use crate::words::refusals;

#[derive(Template)]
#[template(path = "parts/step.html")]
pub struct Step<'a> {
    entry: &'a Entry,
    may: AccountPrivileges,
    /// What is wrong with the form that was just sent.
    error: Option<FieldError>,
    /// What Telegram said of the last try.
    last: Option<String>,
}

impl<'a> Step<'a> {
    pub fn new(entry: &'a Entry, may: AccountPrivileges) -> Self {
        let last = entry.snapshot.problem.as_ref().map(refusals::problem);
        Self { entry, may, error: None, last }
    }

    pub fn with_error(self, error: Option<FieldError>) -> Self {
        Self { error, ..self }
    }

    fn snapshot(&self) -> &Snapshot {
        &self.entry.snapshot
    }

    fn label(&self) -> &str {
        stages::label(&self.entry.snapshot.stage)
    }

    fn meaning(&self) -> String {
        stages::meaning(&self.entry.snapshot.stage)
    }

    fn is_being_removed(&self) -> bool {
        self.entry.account.wanted == DesiredState::Removed
    }

    fn may_login(&self) -> bool {
        self.may.has(AccountPrivilege::Login)
    }

    fn may_connect(&self) -> bool {
        self.may.has(AccountPrivilege::ManageConnectionState)
    }

    fn can_connect(&self) -> bool {
        self.may_connect() && self.snapshot().stage.can_connect()
    }

    fn can_disconnect(&self) -> bool {
        self.may_connect() && self.snapshot().stage != Stage::Disconnected
    }

    /// The input that has a form.
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

    /// What is wrong with a field: by the form just sent, or else by what Telegram said of the last try. Both are in the same
    /// place, so that an answer and the events can overtake each other unseen.
    fn field_error(&self, field: &str) -> Option<&str> {
        self.problem().filter(|(at, _)| *at == Some(field)).map(|(_, message)| message)
    }

    /// What is wrong, if it isn't about a field that is shown.
    fn general_error(&self) -> Option<&str> {
        self.problem().filter(|(at, _)| at.is_none()).map(|(_, message)| message)
    }

    fn problem(&self) -> Option<(Option<&str>, &str)> {
        let shown = self.input().map(Input::name);
        match &self.error {
            Some(error) => Some((error.field.filter(|field| Some(*field) == shown), &error.message)),
            None => self.last.as_deref().map(|message| (shown, message)),
        }
    }

    fn hint(&self) -> &str {
        match &self.entry.snapshot.stage {
            Stage::WaitPassword { hint, .. } => hint,
            _ => "",
        }
    }

    fn can_ask(&self) -> bool {
        self.may_login() && self.entry.snapshot.stage.can_ask_for_code()
    }

    fn is_first_code(&self) -> bool {
        matches!(self.entry.snapshot.stage, Stage::SignedOut | Stage::Ended(_))
    }

    fn moment(&self, at: &Millis) -> Moment {
        moment(*at)
    }

    /// From when on another code may be asked for.
    fn resend_from(&self) -> Option<&Millis> {
        self.code_sent()?.resend_from.as_ref()
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
