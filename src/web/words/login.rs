//! The fields and buttons of a login.

use super::moments::utc;
use crate::domain::stage::{EmailReset, Field, FieldKind, Input, LoginAction, Recovery, Stage};
use crate::words::refusals::duration;

/// The label of a field.
pub const fn label(field: &Field, input: &Input) -> &'static str {
    match (input, field.is_required) {
        (Input::Code, _) => "Login code",
        (Input::Password, _) => "Two-step password",
        (Input::EmailAddress, _) => "Login e-mail address",
        (Input::EmailCode, _) => "Code from the e-mail",
        (Input::RecoveryCode, true) => "Recovery code",
        (Input::RecoveryCode, false) => "New two-step password (optional)",
        (Input::Name, true) => "First name",
        (Input::Name, false) => "Last name (optional)",
        (Input::BotToken, true) => "Bot token",
        (Input::BotToken, false) => "Keep the token, encrypted, so that Telescope can log the bot in again",
    }
}

/// What stands below a field: our words, and those of others after them.
pub struct Hint<'a> {
    pub text: &'static str,
    pub foreign: &'a str,
}

pub fn field_hint<'a>(stage: &'a Stage, input: Input, field: &Field) -> Option<Hint<'a>> {
    let hint = |text, foreign| Some(Hint { text, foreign });
    match (stage, input) {
        (Stage::WaitPassword { hint: given, .. }, Input::Password) if given.is_empty() => {
            hint("No hint set.", "")
        }
        (Stage::WaitPassword { hint: given, .. }, Input::Password) => hint("Hint: ", given),
        (Stage::WaitPassword { recovery: Recovery::CodeSent { pattern }, .. }, Input::RecoveryCode) => {
            if field.is_required {
                hint("Telegram sent it to ", pattern)
            } else {
                hint("If you leave this empty, the two-step password is removed.", "")
            }
        }
        (_, Input::EmailAddress) => hint(
            "Telegram will send login codes there from now on. Use an address that your organisation keeps control of.",
            "",
        ),
        (_, Input::BotToken) if field.is_required => {
            hint("From @BotFather in Telegram. Anyone who has the token controls the bot.", "")
        }
        _ => None,
    }
}

/// The `inputmode` of a field.
pub const fn keyboard(kind: &FieldKind) -> &'static str {
    match kind {
        FieldKind::Digits => "numeric",
        FieldKind::Email => "email",
        FieldKind::Words
        | FieldKind::Code
        | FieldKind::Password
        | FieldKind::NewPassword
        | FieldKind::Name
        | FieldKind::Choice => "text",
    }
}

/// The `type` of a field.
pub const fn html_type(kind: &FieldKind) -> &'static str {
    if is_secret(kind) { "password" } else { "text" }
}

/// Whether what is typed is not shown.
pub const fn is_secret(kind: &FieldKind) -> bool {
    match kind {
        FieldKind::Password | FieldKind::NewPassword => true,
        FieldKind::Digits
        | FieldKind::Words
        | FieldKind::Code
        | FieldKind::Email
        | FieldKind::Name
        | FieldKind::Choice => false,
    }
}

/// Whether it is a box to tick, not something to type.
pub const fn is_choice(kind: &FieldKind) -> bool {
    match kind {
        FieldKind::Choice => true,
        FieldKind::Digits
        | FieldKind::Words
        | FieldKind::Code
        | FieldKind::Password
        | FieldKind::NewPassword
        | FieldKind::Email
        | FieldKind::Name => false,
    }
}

/// The `autocomplete` of a field.
pub const fn autocomplete(kind: &FieldKind) -> &'static str {
    match kind {
        FieldKind::Digits | FieldKind::Words | FieldKind::Code => "one-time-code",
        FieldKind::Password | FieldKind::Email | FieldKind::Name | FieldKind::Choice => "off",
        FieldKind::NewPassword => "new-password",
    }
}

/// The button of a request.
pub fn action(action: LoginAction, stage: &Stage) -> &'static str {
    match (action, stage) {
        (LoginAction::SendCode, Stage::WaitCode(_) | Stage::WaitEmailCode { .. }) => "Resend code",
        (LoginAction::SendCode, _) => "Send login code",
        (LoginAction::ShowQr, _) => "Use a QR code instead",
        (LoginAction::ReportMissing, _) => "Report missing code",
        (LoginAction::ResetEmail, _) => "Reset e-mail address",
        (LoginAction::RecoverPassword, _) => "Recover by e-mail",
        (LoginAction::StartOver, _) => "Start over",
    }
}

/// A request as the audit log says it.
pub const fn requested(action: LoginAction) -> &'static str {
    match action {
        LoginAction::SendCode => "requested a login code",
        LoginAction::ShowQr => "began a login by QR code",
        LoginAction::ReportMissing => "told Telegram that the login code did not arrive",
        LoginAction::ResetEmail => "requested to reset the login e-mail address",
        LoginAction::RecoverPassword => "requested to recover the two-step password by e-mail",
        LoginAction::StartOver => "canceled the login to start over",
    }
}

/// What was submitted, as the audit log says it.
pub const fn submitted(input: Input) -> &'static str {
    match input {
        Input::Code => "submitted the login code to Telegram",
        Input::Password => "submitted the two-step password to Telegram",
        Input::EmailAddress => "set the login e-mail address at Telegram",
        Input::EmailCode => "submitted the code from the login e-mail to Telegram",
        Input::RecoveryCode => "recovered the two-step password with a code from an e-mail",
        Input::Name => "registered the number at Telegram",
        Input::BotToken => "submitted the bot's token to Telegram",
    }
}

/// When the login e-mail address is reset.
pub fn email_reset(reset: &EmailReset) -> String {
    match reset {
        EmailReset::Impossible => String::new(),
        EmailReset::Possible { after: 0 } => {
            " If you can't read that mailbox, reset the address: Telegram then sends the code to the number."
                .into()
        }
        EmailReset::Possible { after } => format!(
            " If you can't read that mailbox, reset the address: after {}, Telegram sends the code to the number.",
            duration(*after)
        ),
        EmailReset::Pending { until } => {
            format!(
                " The address is being reset: from {}, Telegram can send the code to the number.",
                utc(*until)
            )
        }
    }
}
