//! What a person enters in a step of a login.

use serde::Deserialize;

use crate::domain::access::{Permit, Principal, decide};
use crate::domain::error::ErrorCode;
use crate::domain::privilege::can;
use crate::domain::stage::{CodeSent, LoginInput};
use crate::domain::{
    AccountKind, BotError, BotToken, Email, Input, Secret, Snapshot, StageToken, login_code,
};
use crate::live::accounts::Entry;
use crate::ops::OpError;
use crate::web::error::AppError;
use crate::web::state::State;

/// Characters of a code or a name, and bytes of a password, at most.
const MAX_CODE: usize = 200;
const MAX_NAME: usize = 64;
const MAX_PASSWORD: usize = 1024;

/// One form for every input: the field that is there tells which one it is.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct LoginForm {
    pub token: StageToken,
    code: Option<Secret>,
    password: Option<Secret>,
    email: Option<String>,
    email_code: Option<Secret>,
    recovery_code: Option<Secret>,
    new_password: Option<Secret>,
    first_name: Option<String>,
    last_name: Option<String>,
    bot_token: Option<Secret>,
    /// Whether to store the password or the token.
    keep: Option<String>,
}

impl LoginForm {
    /// Checks what was entered. Errors that depend on the stage are only found if the form is not stale.
    pub fn parse(&self, snapshot: &Snapshot, kind: AccountKind) -> Result<LoginInput, OpError> {
        let stage = &snapshot.stage;
        let input = match self.given().as_slice() {
            [input] => *input,
            // An empty field can't be told from a missing one, so the message is about the field of the account's stage.
            [] => return Err(stage.inputs(kind).first().map_or_else(stale, |input| missing(*input))),
            [..] => return Err(stale()),
        };
        let text =
            |secret: &Option<Secret>| secret.as_ref().map(Secret::expose).unwrap_or_default().to_owned();
        match input {
            Input::Code => {
                parse_code(&text(&self.code), stage.code_sent().filter(|_| self.token == snapshot.token))
            }
            Input::Password => {
                let password = parse_password(&text(&self.password), input)?;
                Ok(LoginInput::Password { password, keep: self.keep.is_some() })
            }
            Input::EmailAddress => self
                .email
                .as_deref()
                .unwrap_or_default()
                .parse::<Email>()
                .map(LoginInput::EmailAddress)
                .map_err(|error| OpError::invalid(input.name(), error)),
            Input::EmailCode => short_code(&text(&self.email_code), input).map(LoginInput::EmailCode),
            Input::RecoveryCode => {
                let code = short_code(&text(&self.recovery_code), input)?;
                let new_password = Some(text(&self.new_password)).filter(|password| !password.is_empty());
                let new_password =
                    new_password.map(|password| parse_password(&password, input)).transpose()?;
                Ok(LoginInput::RecoveryCode { code, new_password })
            }
            Input::Name => self.parse_name(),
            Input::BotToken => self.parse_bot_token(),
        }
    }

    fn given(&self) -> Vec<Input> {
        let fields = [
            (Input::Code, self.code.is_some()),
            (Input::Password, self.password.is_some()),
            (Input::EmailAddress, self.email.is_some()),
            (Input::EmailCode, self.email_code.is_some()),
            (Input::RecoveryCode, self.recovery_code.is_some()),
            (Input::Name, self.first_name.is_some()),
            (Input::BotToken, self.bot_token.is_some()),
        ];
        fields.into_iter().filter(|(_, is_given)| *is_given).map(|(input, _)| input).collect()
    }

    fn parse_bot_token(&self) -> Result<LoginInput, OpError> {
        let field = Input::BotToken.name();
        let typed = self.bot_token.as_ref().ok_or_else(|| missing(Input::BotToken))?;
        let token = BotToken::parse(typed).map_err(|why| OpError::invalid(field, why))?;
        Ok(LoginInput::BotToken { token, keep: self.keep.is_some() })
    }

    fn parse_name(&self) -> Result<LoginInput, OpError> {
        let first = self.first_name.as_deref().unwrap_or_default().trim();
        let last = self.last_name.as_deref().unwrap_or_default().trim();
        let is_wrong = |name: &str| name.chars().count() > MAX_NAME || name.chars().any(char::is_control);
        if first.is_empty() {
            return Err(missing(Input::Name));
        }
        if is_wrong(first) || is_wrong(last) {
            return Err(OpError::invalid(Input::Name.name(), ErrorCode::NameInvalid { max: MAX_NAME }));
        }
        Ok(LoginInput::Name { first: first.to_owned(), last: last.to_owned() })
    }
}

/// The decision that a person may edit the account's two-step password, if that is what they want to do.
pub fn edits_password(
    app: &State,
    actor: &Principal,
    entry: &Entry,
    wanted: bool,
) -> Result<Option<Permit<can::EditTwoFactorPassword>>, AppError> {
    let may = wanted.then(|| decide(&app.live.policy.current(), actor, &entry.account));
    Ok(may.transpose()?)
}

/// Normalises and checks a code. One of another length than Telegram announced costs no attempt there.
fn parse_code(typed: &str, sent: Option<&CodeSent>) -> Result<LoginInput, OpError> {
    let code = match sent {
        Some(sent) if !sent.is_digits() => login_code::read_words(typed),
        Some(_) | None => login_code::read(typed),
    };
    check_code(&code, Input::Code)?;
    if let Some(length) = sent.and_then(announced_length)
        && code.bytes().all(|byte| byte.is_ascii_digit())
        && code.len() != length
    {
        return Err(OpError::invalid(Input::Code.name(), ErrorCode::LoginCodeLength { length }));
    }
    Ok(LoginInput::Code(Secret::new(code)))
}

/// A code that came by e-mail.
fn short_code(typed: &str, input: Input) -> Result<Secret, OpError> {
    let code = login_code::read(typed);
    check_code(&code, input)?;
    Ok(Secret::new(code))
}

fn check_code(code: &str, input: Input) -> Result<(), OpError> {
    if code.is_empty() {
        return Err(missing(input));
    }
    if code.len() > MAX_CODE || code.chars().any(char::is_control) {
        return Err(OpError::invalid(input.name(), ErrorCode::LoginCodeForm));
    }
    Ok(())
}

fn parse_password(text: &str, input: Input) -> Result<Secret, OpError> {
    if text.len() > MAX_PASSWORD || text.contains('\0') {
        return Err(OpError::invalid(input.name(), ErrorCode::PasswordForm));
    }
    Ok(Secret::new(text))
}

/// How many digits it has, if Telegram said so.
fn announced_length(sent: &CodeSent) -> Option<usize> {
    usize::try_from(sent.length).ok().filter(|length| *length > 0)
}

fn missing(input: Input) -> OpError {
    let code = match input {
        Input::Code => ErrorCode::LoginCodeMissing,
        Input::EmailCode | Input::RecoveryCode => ErrorCode::EmailCodeMissing,
        Input::Password => ErrorCode::PasswordMissing,
        Input::EmailAddress => ErrorCode::EmailMissing,
        Input::Name => ErrorCode::NameMissing,
        Input::BotToken => BotError::TokenMissing.into(),
    };
    OpError::invalid(input.name(), code)
}

fn stale() -> OpError {
    OpError::Refused(ErrorCode::FormStale)
}
