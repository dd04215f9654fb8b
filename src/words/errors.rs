//! The message for each error code: what happened, why, and what to do.

use super::refusals::{duration, refusal};
use super::{
    bots, device_login, devices, invite_list, invites, job_lines, listed, proxies, quoted, two_step,
};
use crate::domain::direction::isolated;
use crate::domain::error::{ErrorCode, GoneKind, NameKind};

pub fn sentence(error: &ErrorCode) -> String {
    match error {
        ErrorCode::PhoneMissing => "Enter the phone number, starting with the country code, e.g. +49.".into(),
        ErrorCode::PhoneCharacter => {
            "A phone number contains only digits, with +, spaces, dashes, dots, slashes or brackets between them.".into()
        }
        ErrorCode::PhoneLength => "A phone number has 5 to 15 digits, including the country code.".into(),
        ErrorCode::PhoneCountryCode => {
            "Start with the country code, e.g. +49, and leave out the leading 0.".into()
        }
        ErrorCode::EmailMissing => "Enter an e-mail address.".into(),
        ErrorCode::EmailForm => "That isn't an e-mail address, such as name@example.org.".into(),
        ErrorCode::EmailCharacter => "An e-mail address can contain only unaccented letters, digits and signs.".into(),
        ErrorCode::EmailLength => "An e-mail address can have at most 254 characters.".into(),
        ErrorCode::CommentTooLong { max } => format!("A comment can have at most {max} characters."),
        ErrorCode::CommentCharacter => "A comment can't have control characters.".into(),
        ErrorCode::NameInvalid { max } => {
            format!("A name has 1 to {max} characters, without commas and control characters.")
        }
        ErrorCode::NameTaken { kind: NameKind::Role } => "There is already a role with this name.".into(),
        ErrorCode::NameTaken { kind: NameKind::Group } => "There is already a group with this name.".into(),
        ErrorCode::ViewRequired => "The other permissions need “View”. Tick it, or clear all.".into(),
        ErrorCode::LoginCodeMissing => "Enter the code that Telegram sent.".into(),
        ErrorCode::LoginCodeLength { length } => {
            format!("The code has {length} digits. Check it and try again.")
        }
        ErrorCode::EmailCodeMissing => "Enter the code that Telegram sent by e-mail.".into(),
        ErrorCode::NameMissing => "Enter a first name.".into(),
        ErrorCode::LoginCodeForm => "That isn't a login code.".into(),
        ErrorCode::PasswordMissing => "Enter the two-step password.".into(),
        ErrorCode::PasswordForm => {
            "That can't be a two-step password: it has at most 1024 bytes and no control characters.".into()
        }
        ErrorCode::ReasonLength => "Enter a reason (3 to 500 characters).".into(),
        ErrorCode::ReasonCharacter => "A reason can't have control characters.".into(),
        ErrorCode::NoteTooLong { max } => format!("A note can have at most {max} characters."),
        ErrorCode::NoteCharacter => "A note can't have control characters.".into(),
        ErrorCode::DigitsWrong => "These aren't the last four digits of the account's number or ID.".into(),
        ErrorCode::PhoneTaken => "There is already an account with this number.".into(),
        ErrorCode::TooManyTakenNumbers => invites::TOO_MANY_TAKEN.into(),
        ErrorCode::PhoneUnchanged => "The account already has this number.".into(),
        ErrorCode::NumberInUse => {
            "This account was logged in with its number, so the number can't be changed here. Remove the account and \
             add it again with the other number."
                .into()
        }
        ErrorCode::PhoneBeingRemoved => {
            "The account with this number is being removed. Add it again when that is done; see Tasks.".into()
        }
        ErrorCode::Bot { why } => bots::sentence(*why).into(),
        ErrorCode::TestEnvironmentOnly => "Test accounts exist only in Telegram's test environment.".into(),
        ErrorCode::NoTestNumberFree => "Every test number already has an account.".into(),
        ErrorCode::AlreadyBeingRemoved => "This account is already being removed.".into(),
        ErrorCode::NotBeingRemoved => "This account isn't being removed.".into(),
        ErrorCode::NotLoggedIn => "This account isn't logged in, so there is no session to end.".into(),
        ErrorCode::FormStale => {
            "This form is out of date: the account's status has changed. Check it and try again.".into()
        }
        ErrorCode::DetailsChanged { owner, comment, groups, by } => {
            let changed = [(*owner, "owner"), (*groups, "groups"), (*comment, "comment")];
            let changed: Vec<&str> = changed.iter().filter(|(is, _)| *is).map(|(_, name)| *name).collect();
            let who = by.as_deref().unwrap_or("Another person");
            format!(
                "{who} changed the {} of this account after you opened this form, so nothing was saved. Your own \
                 changes are still here. Check the form and save again.",
                listed(&changed)
            )
        }
        ErrorCode::RenamedMeanwhile { kind, name } => {
            let what = match kind {
                NameKind::Role => "role",
                NameKind::Group => "group",
            };
            format!(
                "Another person renamed this {what} to {} after you opened this page, so nothing was saved. Check the \
                 name and save again.",
                quoted(name)
            )
        }
        ErrorCode::FloodWait { seconds } => format!(
            "Telegram accepts no request for this number yet. Try again in {}.",
            duration(*seconds)
        ),
        ErrorCode::Busy => "This is already in progress. Wait a moment for the result.".into(),
        ErrorCode::NotExpectedNow => "The account's status doesn't allow this now.".into(),
        ErrorCode::Disconnected => "This account is disconnected. Connect it first.".into(),
        ErrorCode::CodesUsedUp { used, limit } => format!(
            "{used} codes were requested in the last 24 hours. Telegram locks numbers after about 5, so Telescope stops \
             at {limit}. Try again tomorrow."
        ),
        ErrorCode::TooManyCodesHere { limit } => format!(
            "Telescope requests at most {limit} login codes in an hour, and they are used up. Try again later."
        ),
        ErrorCode::TooManyLoginChanges { limit } => format!(
            "You've changed the login of this account {limit} times within an hour. Wait an hour, then try again."
        ),
        ErrorCode::NoCodesCounted => "The number's limit isn't used up: no code counts against it.".into(),
        ErrorCode::TooManyCodes { limit } => format!(
            "You've reached the limit of one person for login codes ({limit} in 24 hours). Try again tomorrow, or ask a \
             colleague."
        ),
        ErrorCode::TooManyInputs { limit } => format!(
            "You've reached the limit of one person for wrong codes and passwords ({limit} in 24 hours). Try again \
             tomorrow, or ask a colleague."
        ),
        ErrorCode::Device { why } => devices::sentence(*why),
        ErrorCode::TelegramUnreachable => super::refusals::NO_ANSWER.into(),
        ErrorCode::TelegramRefused { why } => refusal(why),
        ErrorCode::NotFound => "This doesn't exist, or you don't have access to it.".into(),
        ErrorCode::UnknownUser { email } => format!("There is no user {email}."),
        ErrorCode::UnknownAccount { phone } => format!("There is no account {phone}."),
        ErrorCode::UnknownRequest => "The server doesn't know this command: it has another version.".into(),
        ErrorCode::DatabaseUnavailable => "The database is unavailable. Nothing was changed.".into(),
        ErrorCode::TakenOver => "Another server has taken over. Nothing was changed.".into(),
        ErrorCode::Internal => "Nothing was changed. The server's log has the reason.".into(),
        ErrorCode::InviteUnusable { why } => invites::denied(*why).into(),
        ErrorCode::InviteList { fault } => invite_list::fault(fault),
        ErrorCode::InviteOver => invites::OVER.into(),
        ErrorCode::InviteLinkUnreadable => invites::LINK_UNREADABLE.into(),
        ErrorCode::InviteLifetime { days } => format!("A link can be valid for up to {days} days."),
        ErrorCode::TooManyInvites { limit } => invites::too_many(*limit),
        ErrorCode::TooManyOwnAccounts { limit } => invites::too_many_own(*limit),
        ErrorCode::InviteEmail { fault } => invites::email_fault(*fault),
        ErrorCode::TwoStep { fault } => two_step::fault(*fault),
        ErrorCode::Proxy { fault } => proxies::fault(fault),
        ErrorCode::JobLine { fault } => job_lines::fault(*fault),
        ErrorCode::InviteNumberTaken => invites::NUMBER_TAKEN.into(),
        ErrorCode::ConsentMissing => invites::CONSENT_MISSING.into(),
        ErrorCode::OnboardingClosed => invites::CLOSED.into(),
        ErrorCode::PasswordNotStored => "No two-step password is stored for this account.".into(),
        ErrorCode::PasswordUnreadable => {
            "The stored two-step password can't be opened with this server's master key: it was changed, or copied from \
             another place. Store the correct one again."
                .into()
        }
        ErrorCode::PasswordReplaced => {
            "Another person stored or removed the two-step password after you opened this form, so nothing was changed. \
             Do it again if it is still right."
                .into()
        }
        ErrorCode::NoLoginCode => {
            "Telegram has not sent this account a login code recently. Start logging in on the other device first; the \
             code arrives here."
                .into()
        }
        ErrorCode::LoginCodeStale { minutes } => format!(
            "The last login code was received {minutes} minutes ago and no longer works. Request a new one on the other \
             device."
        ),
        ErrorCode::NotConnectedForCode => {
            "This account is disconnected, so it can't receive a code. Connect it first.".into()
        }
        ErrorCode::NotLoggedInForCode => {
            "This account isn't logged in at Telegram, so it can't receive a code. Log it in first.".into()
        }
        ErrorCode::NotWaitingForCode => {
            "Telescope no longer waits for a code. Enter a reason to start again.".into()
        }
        ErrorCode::DeviceLogin { fault } => device_login::sentence(*fault),
        ErrorCode::ApprovalRequired => {
            "Another person has to approve this first. Request approval with a reason.".into()
        }
        ErrorCode::IdentityNotConfirmed => {
            "Your identity isn't confirmed, or its confirmation is older than five minutes.".into()
        }
        ErrorCode::ConfirmationImpossible => {
            "Identity can't be confirmed with the present SSO_MODE, so it can't be required.".into()
        }
        ErrorCode::ConfirmedByAnother { person } => {
            format!("Another person signed in. You're signed in as {person}: confirm with that account.")
        }
        ErrorCode::EmergencyNotAllowed => {
            "This account's groups don't allow emergency access. Request approval with a reason.".into()
        }
        ErrorCode::ApprovalPending => "This has not been approved yet.".into(),
        ErrorCode::ApprovalSpent => "This approval has been used in the meantime. Request a new one.".into(),
        ErrorCode::ApprovalUsed => "Your approval was used; it was valid once. Request a new one.".into(),
        ErrorCode::ApprovalDeclined { by, note } => {
            let note = note.as_ref().map(|note| format!(": {}", quoted(note))).unwrap_or_default();
            format!("{by} declined your request{note}.")
        }
        ErrorCode::ApprovalExpired => {
            "Your approval wasn't used within ten minutes of the decision. Request a new one.".into()
        }
        ErrorCode::ApproverRevoked { by } => {
            format!("{by} approved your request but may no longer approve requests. Request a new approval.")
        }
        ErrorCode::RequestExpired => "Your request wasn't decided within ten minutes. Request approval again.".into(),
        ErrorCode::ApprovalNotNeeded => "This account no longer needs approval. Reload the page.".into(),
        ErrorCode::AlreadyRequested => "You have already requested this. Check the status of that request.".into(),
        ErrorCode::NoApprover => {
            "There is no one who can approve this. It takes another person with the permission approve_reveal who \
             didn't get it from you within the last day. Ask another access manager to grant it."
                .into()
        }
        ErrorCode::OwnRequest => "You can't decide your own request. Another person has to.".into(),
        ErrorCode::AlreadyDecided => "This request has been decided in the meantime.".into(),
        ErrorCode::RequestApproved { by } => format!("{by} has already approved this."),
        ErrorCode::RequestUsed { by } => format!("{by} has already approved this, and the approval was used."),
        ErrorCode::RequestDeclined { by } => format!("{by} has already declined this."),
        ErrorCode::RequestWithdrawn => "This request was withdrawn.".into(),
        ErrorCode::ApproverGivenByRequester { person } => format!(
            "{person} gave you the permission to approve less than a day ago, so another person has to approve this \
             request."
        ),
        ErrorCode::RequestOver => "This request has expired after ten minutes.".into(),
        ErrorCode::RequesterLostAccess { person } => format!("{person} no longer has access to this."),
        ErrorCode::PeopleOnly => "Only a person can do this.".into(),
        ErrorCode::MissingPrivilege { privilege } => format!("You need the permission {privilege}."),
        ErrorCode::PrivilegeNotHeldThere { privilege } => {
            format!("You can only grant permissions you have yourself: you don't have {privilege} there.")
        }
        ErrorCode::PrivilegeNotHeld { privilege } => {
            format!("You can only grant permissions you have yourself: you don't have {privilege}.")
        }
        ErrorCode::OwnRoles => "You can't change your own roles. Ask another access manager.".into(),
        ErrorCode::OwnAccount => {
            "You can't make yourself the owner of an account. Ask another access manager.".into()
        }
        ErrorCode::AboveYou => "This person has more permissions than you. Ask an administrator.".into(),
        ErrorCode::TextCharacter => {
            "The text has a character that can't be stored. Remove it and try again.".into()
        }
        ErrorCode::AdministratorsOnly => "Only administrators can do this.".into(),
        ErrorCode::OwnUser => "You can't do this to yourself. Ask another administrator.".into(),
        ErrorCode::NamedInAdminEmails => {
            "The setting ADMIN_EMAILS names this person and would make them an administrator at the next sign-in. \
             Remove the address from it first, and restart Telescope."
                .into()
        }
        ErrorCode::UserBlocked => "This person is blocked and can't sign in. Unblock them first.".into(),
        ErrorCode::LastAdministrator => {
            "This is the last administrator who can sign in. Make another person an administrator first.".into()
        }
        ErrorCode::SameAddress => "This person has that address already.".into(),
        ErrorCode::AddressTaken => {
            "Another person has signed in with that address, or is an administrator. Two people can't become one.".into()
        }
        ErrorCode::DomainNotListed => {
            "Addresses of that domain can't sign in: SSO_EMAIL_DOMAINS doesn't list it.".into()
        }
        ErrorCode::PolicyChanged => {
            "The access rules were changed in the meantime. Review what this would do now, then save again.".into()
        }
        ErrorCode::Gone { kind } => {
            let what = match kind {
                GoneKind::Role => "This role",
                GoneKind::Group => "This group",
                GoneKind::GroupOrRole => "This group or role",
                GoneKind::Account => "This account",
                GoneKind::Person => "This person",
            };
            format!("{what} doesn't exist any more.")
        }
        ErrorCode::RoleFromProvider => {
            "The identity provider gives this role. Remove the person from its group there.".into()
        }
        ErrorCode::FileSyntax { text } => text.clone(),
        ErrorCode::FileDuplicate { kind: NameKind::Role, name } => format!("The role {name:?} is listed twice."),
        ErrorCode::FileDuplicate { kind: NameKind::Group, name } => format!("The group {name:?} is listed twice."),
        ErrorCode::FileUnknownAccount { account, group } => format!("There is no account {account} ({group})."),
        ErrorCode::FileUnknownGroup { group, role } => format!("There is no group {group:?} (role {role:?})."),
        ErrorCode::FileUnknownPrivilege { name } => format!("There is no permission {name:?}."),
        ErrorCode::FileValue { value, error } => format!("{value:?}: {}", sentence(error)),
        ErrorCode::ImportRejected { edits } => {
            let lines: Vec<String> =
                edits.iter().map(|edit| format!("{}: {}", isolated(&edit.what), sentence(&edit.error))).collect();
            lines.join("\n")
        }
        ErrorCode::Blocked => "Your access has been blocked. Ask an administrator.".into(),
        ErrorCode::EmailUnverified { email } => format!(
            "Your identity provider has not verified that {email} is your address. Verify it there, then sign in again."
        ),
        ErrorCode::OtherIdentity => {
            "Your identity provider now uses this address for a different identity than before. A Telescope administrator \
             has to confirm that the address is yours."
                .into()
        }
        ErrorCode::DomainNotAdmitted { email } => format!(
            "You are {email}, and addresses of this domain can't sign in to this Telescope. If you have another address, \
             sign out at your identity provider and continue with that one."
        ),
    }
}

#[cfg(test)]
mod tests;
