//! The two-step password at Telegram.

use crate::domain::error::TwoStepFault;

pub fn fault(fault: TwoStepFault) -> String {
    match fault {
        TwoStepFault::NotReady => "The account isn't connected and logged in. Connect it first.".into(),
        TwoStepFault::Unsettled => {
            "Telegram hasn't confirmed the last change yet. Telescope finds out which password is valid as soon as \
             Telegram answers."
                .into()
        }
        TwoStepFault::Unknown => {
            "Telegram didn't answer in time, so the password may have been changed. Both passwords are stored until \
             Telescope has found out which one is valid."
                .into()
        }
        TwoStepFault::CurrentMissing => "Enter the current password: it isn't stored here.".into(),
        TwoStepFault::CurrentWrong => "Telegram says that this isn't the current password.".into(),
        TwoStepFault::Unchanged => "This is already the password.".into(),
        TwoStepFault::HintTooLong { max } => format!("A hint can have at most {max} characters."),
        TwoStepFault::HintTells => {
            "The hint contains the password. Everyone who logs in to the account sees the hint.".into()
        }
        TwoStepFault::EmailWrong => "Telegram doesn't accept this address.".into(),
        TwoStepFault::EmailCodeWrong => "Telegram says that this isn't the code, or that it has expired.".into(),
    }
}
