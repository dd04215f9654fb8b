//! The next step of a login as data, for everything that shows it: pages today, other ways to reach people later.

use super::{CodeSent, Input, LoginAction, Stage, StageToken};
use crate::domain::{AccountKind, Secret, Snapshot};

/// What a person can do next in a login.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginStep<'a> {
    /// Answers carry it: a step is answered once.
    pub token: StageToken,
    /// The forms that can be sent, the likeliest first.
    pub forms: Vec<StepForm>,
    /// The requests that can be made, the likeliest first.
    pub actions: Vec<LoginAction>,
    /// Where the code was sent, and what to do if it does not arrive.
    pub code: Option<&'a CodeSent>,
    /// What to show as a QR code.
    pub link: Option<&'a Secret>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepForm {
    pub input: Input,
    pub fields: Vec<Field>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    pub name: &'static str,
    pub kind: FieldKind,
    /// How many characters it has, if Telegram said so.
    pub length: Option<usize>,
    pub is_required: bool,
}

/// What is typed into a field; it decides about the keyboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldKind {
    Digits,
    /// A code of words.
    Words,
    /// A code of letters or digits.
    Code,
    Password,
    NewPassword,
    Email,
    Name,
    /// A box to tick.
    Choice,
}

/// The name of the second field of a recovery code.
pub const NEW_PASSWORD: &str = "new-password";
/// The name of the second field of a name.
pub const LAST_NAME: &str = "last-name";
/// The name of the field beside a bot's token.
pub const KEEP_TOKEN: &str = "keep";

impl<'a> LoginStep<'a> {
    pub fn of(snapshot: &'a Snapshot, kind: AccountKind) -> Self {
        let stage = &snapshot.stage;
        let form = |input: &Input| StepForm { input: *input, fields: fields(*input, stage) };
        Self {
            token: snapshot.token,
            forms: stage.inputs(kind).iter().map(form).collect(),
            actions: stage.actions(kind),
            code: stage.code_sent(),
            link: stage.link(),
        }
    }
}

impl Stage {
    /// The code that it waits for.
    pub const fn code_sent(&self) -> Option<&CodeSent> {
        match self {
            Self::WaitCode(sent) => Some(sent),
            _ => None,
        }
    }

    /// The link to be scanned as a QR code.
    pub const fn link(&self) -> Option<&Secret> {
        match self {
            Self::WaitOtherDevice { link } => Some(link),
            _ => None,
        }
    }

    /// How many characters the code by e-mail has.
    const fn email_code_length(&self) -> i32 {
        match self {
            Self::WaitEmailCode { length, .. } => *length,
            _ => 0,
        }
    }
}

fn fields(input: Input, stage: &Stage) -> Vec<Field> {
    let known = |length: i32| usize::try_from(length).ok().filter(|length| *length > 0);
    let one = |kind, length| vec![Field { name: input.name(), kind, length, is_required: true }];
    let optional = |name, kind| Field { name, kind, length: None, is_required: false };
    match input {
        Input::Code => {
            let sent = stage.code_sent();
            let kind =
                if sent.is_none_or(CodeSent::is_digits) { FieldKind::Digits } else { FieldKind::Words };
            one(kind, sent.and_then(|sent| known(sent.length)))
        }
        Input::Password => one(FieldKind::Password, None),
        Input::EmailAddress => one(FieldKind::Email, None),
        Input::EmailCode => one(FieldKind::Code, known(stage.email_code_length())),
        Input::RecoveryCode => {
            let mut fields = one(FieldKind::Code, None);
            fields.push(optional(NEW_PASSWORD, FieldKind::NewPassword));
            fields
        }
        Input::Name => {
            let mut fields = one(FieldKind::Name, None);
            fields.push(optional(LAST_NAME, FieldKind::Name));
            fields
        }
        Input::BotToken => {
            let mut fields = one(FieldKind::Password, None);
            fields.push(optional(KEEP_TOKEN, FieldKind::Choice));
            fields
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::stage::{CodeDelivery, Recovery};

    fn code(way: CodeDelivery, length: i32) -> Snapshot {
        let sent = CodeSent { way, length, next: None, resend_from: None, no_other_way_until: None };
        Snapshot { stage: Stage::WaitCode(sent), ..Snapshot::off() }
    }

    #[test]
    fn the_delivery_decides_about_the_field() {
        let word = CodeDelivery::SmsWord { beginning: "t".into() };
        for (way, length, kind, expected) in [
            (CodeDelivery::Sms, 5, FieldKind::Digits, Some(5)),
            (CodeDelivery::MissedCall { prefix: "+1555".into() }, 4, FieldKind::Digits, Some(4)),
            (CodeDelivery::FlashCall { pattern: "1555*".into() }, 0, FieldKind::Digits, None),
            (word, 0, FieldKind::Words, None),
        ] {
            let snapshot = code(way, length);
            let step = LoginStep::of(&snapshot, AccountKind::User);
            let field = &step.forms[0].fields[0];
            assert_eq!((field.name, field.kind, field.length), ("code", kind, expected));
        }
    }

    #[test]
    fn a_recovery_code_is_asked_for_once_it_was_sent() {
        let wait = |recovery| Snapshot {
            stage: Stage::WaitPassword { hint: String::new(), recovery },
            ..Snapshot::off()
        };
        let before = wait(Recovery::Possible);
        let step = LoginStep::of(&before, AccountKind::User);
        assert_eq!(step.forms.iter().map(|form| form.input).collect::<Vec<_>>(), [Input::Password]);
        assert_eq!(step.actions, [LoginAction::RecoverPassword, LoginAction::StartOver]);
        let after = wait(Recovery::CodeSent { pattern: "a***@example.org".into() });
        let step = LoginStep::of(&after, AccountKind::User);
        let inputs: Vec<_> = step.forms.iter().map(|form| form.input).collect();
        assert_eq!(inputs, [Input::RecoveryCode, Input::Password]);
        assert_eq!(step.forms[0].fields[1].name, NEW_PASSWORD);
        assert!(!step.forms[0].fields[1].is_required);
    }

    #[test]
    fn the_login_of_a_bot_takes_a_token_and_nothing_else() {
        let of = |stage| Snapshot { stage, ..Snapshot::off() };
        for stage in [Stage::SignedOut, Stage::Ended(crate::domain::SessionEndReason::Revoked)] {
            let snapshot = of(stage);
            let step = LoginStep::of(&snapshot, AccountKind::Bot);
            assert_eq!(step.forms.iter().map(|form| form.input).collect::<Vec<_>>(), [Input::BotToken]);
            assert_eq!(step.forms[0].fields[0].kind, FieldKind::Password);
            assert!(!step.forms[0].fields[1].is_required);
            assert!(step.actions.is_empty());
        }
        let waits = code(CodeDelivery::Sms, 5);
        let step = LoginStep::of(&waits, AccountKind::Bot);
        assert!(step.forms.is_empty() && step.actions.is_empty());
    }
}
