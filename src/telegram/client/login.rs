//! The requests of a login, and the check that the right account has logged in.

use std::time::Duration;

use tdlib_rs::enums::EmailAddressAuthentication;
use tdlib_rs::types::EmailAddressAuthenticationCode;
use tdlib_rs::{functions, types};

use crate::domain::stage::{LoginAction, LoginInput};
use crate::domain::{AccountKind, Identifier, SessionEndReason, Stage};
use crate::telegram::client::calls::{CallError, call};
use crate::telegram::client::run::Client;
use crate::telegram::client::{ClientTask, Done};
use crate::telegram::handle::{AnswerError, Reply};

/// How long a refusal of a report is waited for.
const REFUSAL_TIME: Duration = Duration::from_secs(3);

impl ClientTask {
    pub(super) fn act(&mut self, client: &mut Client, action: LoginAction, reply: Reply<()>) {
        let request = self.request(action).filter(|_| self.snapshot.stage.allows(action, self.kind()));
        let Some(request) = request else {
            let _ = reply.send(Err(AnswerError::NotNow));
            return;
        };
        let id = client.id;
        client.is_starting_over = action == LoginAction::StartOver;
        self.begin_request();
        client.calls.push(Box::pin(async move {
            let result = match request {
                Request::Resend => call(functions::resend_authentication_code(None, id)).await,
                Request::Number(phone) => {
                    call(functions::set_authentication_phone_number(phone, None, id)).await
                }
                Request::Qr => call(functions::request_qr_code_authentication(Vec::new(), id)).await,
                Request::Missing => report_missing(id).await,
                Request::ResetEmail => call(functions::reset_authentication_email_address(id)).await,
                Request::Recovery => call(functions::request_authentication_password_recovery(id)).await,
                Request::LogOut => call(functions::log_out(id)).await,
            };
            match action {
                LoginAction::SendCode => Done::CodeRequested(reply, result),
                LoginAction::ShowQr
                | LoginAction::ReportMissing
                | LoginAction::ResetEmail
                | LoginAction::RecoverPassword
                | LoginAction::StartOver => Done::Asked(reply, result),
            }
        }));
    }

    fn kind(&self) -> AccountKind {
        self.start.identifier.kind()
    }

    /// None for a bot: it has no number to which anything could be sent.
    fn request(&self, action: LoginAction) -> Option<Request> {
        let phone = self.start.identifier.phone()?;
        Some(match (action, &self.snapshot.stage) {
            (LoginAction::SendCode, Stage::WaitCode(sent)) if sent.next.is_some() => Request::Resend,
            (LoginAction::SendCode, Stage::WaitEmailCode { .. }) => Request::Resend,
            (LoginAction::SendCode, _) => Request::Number(phone.to_string()),
            (LoginAction::ShowQr, _) => Request::Qr,
            (LoginAction::ReportMissing, _) => Request::Missing,
            (LoginAction::ResetEmail, _) => Request::ResetEmail,
            (LoginAction::RecoverPassword, _) => Request::Recovery,
            (LoginAction::StartOver, _) => Request::LogOut,
        })
    }

    pub(super) fn submit(&mut self, client: &mut Client, provided: LoginInput, reply: Reply<()>) {
        if !self.snapshot.stage.waits_for(provided.input(), self.kind()) {
            let _ = reply.send(Err(AnswerError::Stale));
            return;
        }
        let id = client.id;
        self.begin_request();
        client.calls.push(Box::pin(async move { Done::Asked(reply, send(provided, id).await) }));
    }

    /// Telegram has described the account's own user, or failed to.
    pub(super) fn on_own_user(&mut self, client: &mut Client, me: Result<types::User, CallError>) {
        match me {
            Ok(me) if self.was_ready => self.on_me(client, &me),
            Ok(me) if self.belongs_here(&me) => {
                self.was_ready = true;
                self.enter(Stage::Ready);
                self.on_me(client, &me);
            }
            Ok(_) => self.refuse_account(client),
            Err(_) if self.was_ready => {}
            // It is checked again when the client has been restarted.
            Err(_) => client.close(),
        }
    }

    /// Whether this is the account that was logged in here before; or, at the first time, the one with this number. A bot
    /// is known by its id from the beginning.
    fn belongs_here(&self, me: &types::User) -> bool {
        match (&self.start.identifier, &self.snapshot.profile) {
            (Identifier::Bot(id), _) => id.number() == me.id,
            (Identifier::Phone(_), Some(known)) => known.telegram_id == me.id,
            (Identifier::Phone(phone), None) => phone.digits() == me.phone_number,
        }
    }

    fn refuse_account(&mut self, client: &mut Client) {
        tracing::warn!(account = %self.start.account, "another account has logged in; logging it out");
        client.ending = Some(SessionEndReason::OtherAccount);
        self.enter(Stage::LoggingOut);
        self.publish();
        let id = client.id;
        client.calls.push(Box::pin(async move { Done::LoggedOut(call(functions::log_out(id)).await) }));
    }
}

/// What is asked of TDLib.
enum Request {
    /// The code again, another way.
    Resend,
    /// A code for this number.
    Number(String),
    Qr,
    Missing,
    ResetEmail,
    Recovery,
    LogOut,
}

/// TDLib passes on that Telegram refused the report, but not that it was accepted.
async fn report_missing(id: i32) -> Result<(), CallError> {
    let report = call(functions::report_authentication_code_missing(String::new(), id));
    tokio::time::timeout(REFUSAL_TIME, report).await.unwrap_or(Ok(()))
}

async fn send(provided: LoginInput, id: i32) -> Result<(), CallError> {
    match provided {
        LoginInput::Code(code) => {
            call(functions::check_authentication_code(code.expose().to_owned(), id)).await
        }
        LoginInput::Password { password, .. } => {
            call(functions::check_authentication_password(password.expose().to_owned(), id)).await
        }
        LoginInput::EmailAddress(address) => {
            call(functions::set_authentication_email_address(address.to_string(), id)).await
        }
        LoginInput::EmailCode(code) => {
            let code = EmailAddressAuthenticationCode { code: code.expose().to_owned() };
            call(functions::check_authentication_email_code(EmailAddressAuthentication::Code(code), id)).await
        }
        LoginInput::RecoveryCode { code, new_password } => {
            let new_password = new_password.map(|password| password.expose().to_owned()).unwrap_or_default();
            let code = code.expose().to_owned();
            call(functions::recover_authentication_password(code, new_password, String::new(), id)).await
        }
        LoginInput::BotToken { token, .. } => {
            call(functions::check_authentication_bot_token(token.secret().expose().to_owned(), id)).await
        }
        LoginInput::Name { first, last } => call(functions::register_user(first, last, true, id)).await,
    }
}
