//! The next step of an account's login: what the stage means and the one form that leads on.
//! The same part stands on the account's page, in the dialog, in the answer to a form and in the live stream.

use askama::Template;

use crate::domain::privilege::{AccountPrivilege, AccountPrivileges};
use crate::domain::{DesiredState, Input, Millis, Snapshot, Stage};
use crate::live::accounts::Entry;
use crate::web::words::text;

/// The part.
#[derive(Template)]
#[template(path = "parts/step.html")]
pub struct Step<'a> {
    entry: &'a Entry,
    may: AccountPrivileges,
    error: Option<FieldError>,
}

/// What was wrong with the form that was just sent.
#[derive(Debug, Clone)]
pub struct FieldError {
    /// The field it is about; None if it is about the whole.
    pub field: Option<&'static str>,
    /// What to say.
    pub message: String,
}

impl<'a> Step<'a> {
    /// The step of an account for somebody with these privileges.
    pub fn new(entry: &'a Entry, may: AccountPrivileges) -> Self {
        Self { entry, may, error: None }
    }

    /// The same, after a form that did not work.
    pub fn with_complaint(self, complaint: FieldError) -> Self {
        Self { error: Some(complaint), ..self }
    }

    fn snapshot(&self) -> &Snapshot {
        &self.entry.snapshot
    }

    fn meaning(&self) -> String {
        text::meaning(&self.entry.snapshot.stage)
    }

    fn is_leaving(&self) -> bool {
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

    fn wants(&self, input: Input) -> bool {
        self.may_login() && self.entry.snapshot.stage.input() == Some(input)
    }

    /// The complaint about a field: from the form just sent, or else what Telegram said of the last try. Both
    /// stand at the same place, so that an answer and the live stream can overtake each other unseen.
    fn about(&self, field: &str) -> Option<&str> {
        match &self.error {
            Some(error) if error.field == Some(field) => Some(&error.message),
            Some(error) if error.field.is_some() => None,
            Some(_) | None => self.problem_at(Some(field)),
        }
    }

    /// What is wrong, if it is not about a field that is shown.
    fn trouble(&self) -> Option<&str> {
        match &self.error {
            Some(error) if error.field.is_none() => Some(&error.message),
            Some(_) => None,
            None => self.problem_at(None),
        }
    }

    /// What Telegram said of the last try, if it belongs there: beside the field that is shown, if one is.
    fn problem_at(&self, field: Option<&str>) -> Option<&str> {
        let shown = self.snapshot().stage.input().filter(|_| self.may_login()).map(Input::name);
        self.snapshot().problem.as_deref().filter(|_| shown == field)
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

    fn moment(&self, at: &Millis) -> String {
        text::moment(*at)
    }

    /// From when on another code may be asked for.
    fn resend_from(&self) -> Option<&Millis> {
        match &self.snapshot().stage {
            Stage::WaitCode(sent) => sent.resend_from.as_ref(),
            _ => None,
        }
    }

    fn code_came(&self) -> Option<String> {
        self.entry.snapshot.code_came.map(text::moment)
    }
}
