//! What is said about tasks that do something with many accounts.

use crate::domain::job_line::LineFault;

pub fn fault(fault: LineFault) -> String {
    match fault {
        LineFault::NoAction => "Choose what to do with the selected accounts.".into(),
        LineFault::NoGroup => "Choose a group.".into(),
        LineFault::NothingSelected => "Select at least one account.".into(),
        LineFault::TooMany { max } => {
            format!("A task can have at most {max} steps. Select less, and start several tasks.")
        }
        LineFault::NothingToDo => "Nothing to do: everything selected is done already, or you don't have permission to change it.".into(),
        LineFault::Unreadable => {
            "This step can't be decrypted with the server's master key, so it was skipped. Its database row was changed or \
             copied, or the key was replaced."
                .into()
        }
        LineFault::TooOld { days } => {
            format!("This wasn't done within {days} days of the start of the task, so it was cancelled. Retry to do it now.")
        }
        LineFault::InitiatorBlocked => "The person who started this task is blocked, so it can't continue. Start a new task.".into(),
        LineFault::SubjectGone => {
            "The account or person doesn't exist any more, or the person who started the task can't see it.".into()
        }
        LineFault::NoStoredPassword => {
            "No two-step password is stored. If the account has one, Telegram will refuse the change. Store it on the account's page first.".into()
        }
        LineFault::StoredPasswordWrong => {
            "Telegram rejected the stored two-step password. Store the current one on the account's page, then retry.".into()
        }
        LineFault::OwnerChanged => {
            "The account has another owner meanwhile, so its owner was not changed.".into()
        }
        LineFault::LastGroup => {
            "The account has no owner, so without this group only administrators would see it. Add it to another group, \
             then retry."
                .into()
        }
        LineFault::StepsChanged => {
            "Something changed after these steps were shown, so nothing was done. Check the steps again.".into()
        }
        LineFault::UnknownPerson => {
            "No one with this address has signed in or has a role, and it owns no account that you can see.".into()
        }
        LineFault::NothingToRetry => "Nothing in this task can be retried.".into(),
        LineFault::NothingToStop => "Nothing left to stop: every step has already started.".into(),
    }
}
