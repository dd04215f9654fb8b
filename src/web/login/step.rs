//! The next step of an account's login: what its stage means, and the forms for it. The same part is on the account's
//! page, in the dialog, in the answer to a form and in the events.

use askama::Template;

use crate::domain::account::Problem;
use crate::domain::privilege::{AccountPrivilege, AccountPrivileges};
use crate::domain::stage::{CodeDelivery, Field, LoginAction, LoginStep, Severity, StepForm};
use crate::domain::{AccountId, DesiredState, Input, Millis, Snapshot, Stage};
use crate::live::accounts::Entry;
use crate::web::form::FieldError;
use crate::web::login::qr::qr_code;
use crate::web::pages::accounts::code_use::CodeUse;
use crate::web::paths;
use crate::web::words::moments::{Moment, moment};
use crate::web::words::{login as words, stages};
use crate::words::refusals;

/// Seconds after a code was sent until another one is offered: the first is mostly still on its way.
const REST: i64 = 30;

/// Whether a page with this step is soon out of date, for browsers that get no events.
pub fn is_changing(snapshot: &Snapshot) -> bool {
    snapshot.busy || snapshot.stage.mood() == Severity::Moving || snapshot.stage.link().is_some()
}

/// What of a step a person may do.
fn offered(step: LoginStep<'_>, may: AccountPrivileges) -> LoginStep<'_> {
    let logs_in = may.has(AccountPrivilege::Login);
    let edits_password = may.has(AccountPrivilege::EditTwoFactorPassword);
    let is_offered = |changes_password: bool| logs_in && (edits_password || !changes_password);
    let LoginStep { mut forms, mut actions, .. } = step;
    forms.retain(|form| is_offered(form.input.changes_password()));
    actions.retain(|action| is_offered(action.changes_password()));
    LoginStep { forms, actions, ..step }
}

/// Where the forms of a step are sent.
pub struct StepLinks {
    /// Input.
    pub submit: String,
    /// Requests to Telegram.
    pub act: String,
    /// Connecting the account; none where that is not offered.
    pub connect: Option<String>,
}

impl StepLinks {
    pub fn of_account(id: AccountId) -> Self {
        let connect = Some(paths::account_connect(id));
        Self { submit: paths::account_login(id), act: paths::account_login_action(id), connect }
    }
}

#[derive(Template)]
#[template(path = "parts/step.html")]
pub struct Step<'a> {
    entry: &'a Entry,
    login: LoginStep<'a>,
    may: AccountPrivileges,
    links: StepLinks,
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
        let links = StepLinks::of_account(entry.account.id);
        let login = offered(LoginStep::of(&entry.snapshot, entry.account.identifier.kind()), may);
        Self { entry, login, may, links, codes, now, error: None, last }
    }

    /// With other addresses than those of the account's page.
    pub fn with_links(self, links: StepLinks) -> Self {
        Self { links, ..self }
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
        stages::status_meaning(&self.entry.snapshot, self.entry.account.identifier.kind())
    }

    fn is_being_removed(&self) -> bool {
        self.entry.account.wanted == DesiredState::Removed
    }

    /// Whether a password that is entered in this form can be stored.
    fn can_keep(&self, form: &StepForm) -> bool {
        form.input == Input::Password && self.may.has(AccountPrivilege::EditTwoFactorPassword)
    }

    fn may_login(&self) -> bool {
        self.may.has(AccountPrivilege::Login)
    }

    fn connect_link(&self) -> Option<&str> {
        let may =
            self.may.has(AccountPrivilege::ManageConnectionState) && self.snapshot().stage.can_connect();
        self.links.connect.as_deref().filter(|_| may)
    }

    /// The forms that can be sent.
    fn forms(&self) -> &[StepForm] {
        &self.login.forms
    }

    fn actions(&self) -> &[LoginAction] {
        &self.login.actions
    }

    /// The QR code as SVG.
    fn qr(&self) -> Option<String> {
        self.login.link.filter(|_| self.may_login()).and_then(|link| qr_code(link.expose()))
    }

    /// The link in the QR code, for a phone that can't scan its own screen.
    fn link(&self) -> &str {
        self.login.link.map_or("", |link| link.expose())
    }

    fn fragment_link(&self) -> Option<&str> {
        match &self.login.code?.way {
            CodeDelivery::Fragment { url } if self.may_login() && !url.is_empty() => Some(url),
            _ => None,
        }
    }

    fn terms(&self) -> Option<&str> {
        match &self.snapshot().stage {
            Stage::WaitRegistration { is_allowed: true, terms } if !terms.is_empty() => Some(terms),
            _ => None,
        }
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
        match &self.error {
            Some(error) => Some((error.field.filter(|field| self.shows(field)), &error.message)),
            // The note about a flood wait says it, as long as it holds.
            None if self.snapshot().flood_until.is_some() => None,
            None => self.last.as_deref().map(|message| (self.refused_field(), message)),
        }
    }

    fn shows(&self, field: &str) -> bool {
        self.forms().iter().flat_map(|form| &form.fields).any(|shown| shown.name == field)
    }

    /// The field that Telegram's last refusal is about; the first one if the refusal is about none.
    fn refused_field(&self) -> Option<&'static str> {
        let refused = self.forms().iter().find(|form| match &self.snapshot().problem {
            Some(Problem::Refused(refusal)) => refusal.is_about(form.input),
            Some(Problem::NoAnswer | Problem::Overflowed) | None => false,
        });
        refused.or_else(|| self.forms().first()).map(|form| form.input.name())
    }

    fn field_hint(&self, form: &StepForm, field: &Field) -> Option<words::Hint<'_>> {
        words::field_hint(&self.snapshot().stage, form.input, field)
    }

    fn action_label(&self, action: &LoginAction) -> &'static str {
        words::action(*action, &self.snapshot().stage)
    }

    /// Whether a button can't be pressed now.
    fn is_disabled(&self, action: &LoginAction) -> bool {
        self.snapshot().busy || (action.sends_something() && self.rests_until().is_some())
    }

    /// Whether a code can be requested.
    fn can_ask(&self) -> bool {
        self.actions().contains(&LoginAction::SendCode)
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
        let telegrams = self.login.code.and_then(|sent| sent.resend_from);
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
        let waits = self.login.forms.iter().any(|form| form.input == Input::Code);
        let sent = self.snapshot().code_sent.filter(|_| waits)?;
        Some((moment(sent), self.used().is_some_and(|(used, _)| used > 1)))
    }

    fn is_primary(&self, action: &LoginAction) -> bool {
        *action == LoginAction::SendCode
            && matches!(self.snapshot().stage, Stage::SignedOut | Stage::Ended(_))
    }

    fn moment(&self, at: &Millis) -> Moment {
        moment(*at)
    }

    /// Until when there is no way to send another code.
    fn no_other_way_until(&self) -> Option<&Millis> {
        self.login.code?.no_other_way_until.as_ref()
    }

    /// Grows with every code that arrives.
    fn code_came_key(&self) -> i64 {
        self.snapshot().code_came.map_or(0, |came| came.0)
    }

    fn code_came_at(&self) -> Option<Moment> {
        self.snapshot().code_came.map(moment)
    }
}
