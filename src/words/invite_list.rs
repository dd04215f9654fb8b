//! What is said about lists of people to invite.

use super::{errors, quoted};
use crate::domain::invite_list::{ListFault, MAX_BYTES, MAX_LINES};

pub const STOPPED: &str = "The person who started this may no longer invite people, or no longer add accounts to a group of \
                           the list. Give the permission back, then retry.";
pub const UNREADABLE: &str = "The list can't be opened with this server's master key: it was changed, or copied from \
                              another place. Invite the remaining people again.";
pub const STOPPED_BY_PERSON: &str = "Not done: the list was stopped.";
pub const NOT_PREPARED: &str = "The next link could not be prepared; the server's log says why.";
pub const SERVER_UNAVAILABLE: &str = "The mail server can't be reached or refuses the connection. Telescope keeps trying; the server's \
                                      log has the details.";
pub const EMAIL_UNKNOWN: &str = "It is not known whether the mail server took the e-mail, so it may or may not arrive. Ask the \
                                 person before you send it again.";
pub const EMAIL_REFUSED: &str = "The mail server refused the e-mail. Check the address.";
pub const GROUP_GONE: &str = "A group of this line doesn't exist any more.";

pub fn fault(fault: &ListFault) -> String {
    match fault {
        ListFault::Empty => {
            "Paste a list or choose a file. It needs a line with the column names and a line for each person."
                .into()
        }
        ListFault::TooLarge => {
            format!("A list can have at most {} KiB. Split it into several lists.", MAX_BYTES / 1024)
        }
        ListFault::TooManyLines => {
            format!("A list can have at most {MAX_LINES} people. Split it into several lists.")
        }
        ListFault::Encoding { utf16 } => format!(
            "The file isn't in UTF-8{}. In your spreadsheet, save it as “CSV UTF-8”, or copy its text into the field.",
            if *utf16 { " but in UTF-16" } else { "" }
        ),
        ListFault::Quotes { line } => format!(
            "Line {line} or a line before it has a quotation mark (\") without a second one. Close it, or write it twice \
             within quoted text."
        ),
        ListFault::UnknownColumn { name } if name.is_empty() => {
            "A column has no name. The first line has to name the columns: phone, owner, groups, comment."
                .into()
        }
        ListFault::UnknownColumn { name } => format!(
            "There is no column {}. The first line has to name the columns: phone, owner, groups, comment.",
            quoted(name)
        ),
        ListFault::DuplicateColumn { name } => format!("The column {} is there twice.", quoted(name)),
        ListFault::NoOwnerColumn => {
            "The column “owner” is missing. It has the e-mail address of each account's owner.".into()
        }
        ListFault::TooManyValues { values, columns } => format!(
            "This line has {values} values, but the first line names {columns} columns. Put values that contain the \
             separator in quotation marks."
        ),
        ListFault::DuplicateNumber { line } => format!("Line {line} has the same number."),
        ListFault::UnknownGroup { name } => format!("There is no group {}.", quoted(name)),
        ListFault::Group { name, why } => format!("{}: {}", quoted(name), errors::sentence(why)),
        ListFault::TooManyInvites { wanted, left, limit } => format!(
            "The list has {wanted} people, but you can create only {left} more {} now (the limit of one person is {limit} \
             in 24 hours). Shorten the list, or try again tomorrow.",
            if *left == 1 { "invite" } else { "invites" }
        ),
        ListFault::WrongLines { lines: 1 } => "One line needs to be corrected. Nothing was created.".into(),
        ListFault::WrongLines { lines } => {
            format!("{lines} lines need to be corrected. Nothing was created.")
        }
        ListFault::Done => "The invites of this list are created already.".into(),
        ListFault::Unreadable => UNREADABLE.into(),
        ListFault::Changed => {
            "The list was changed after it was checked, so it was checked again. Nothing was created yet."
                .into()
        }
    }
}
