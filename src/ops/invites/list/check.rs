//! What is wrong with a list, line by line, before anything is created.

use std::collections::{HashMap, HashSet};

use crate::crypto;
use crate::domain::access::{Policy, Principal, decide_system};
use crate::domain::error::ErrorCode;
use crate::domain::invite_list::{self, Column, ListFault, ListLine};
use crate::domain::privilege::can;
use crate::domain::{Email, GroupId, Phone, name};
use crate::ops::accounts::{check_comment, visible_numbers};
use crate::ops::invites::authority::authorize;
use crate::ops::{App, OpError};
use crate::store::groups::Group;
use crate::store::{self, Conn};

/// A list with what is wrong with it.
#[derive(Clone, Debug, Default)]
pub struct Checked {
    pub lines: Vec<CheckedLine>,
    /// What is wrong with the list as a whole.
    pub fault: Option<ListFault>,
}

#[derive(Clone, Debug)]
pub struct CheckedLine {
    pub typed: ListLine,
    /// What is wrong with its values; without a column, with the line as a whole.
    pub errors: Vec<(Option<Column>, ErrorCode)>,
    /// What to create, if nothing is wrong.
    pub wanted: Option<Wanted>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    pub person: Email,
    pub phone: Option<Phone>,
    pub comment: String,
    pub groups: Vec<GroupId>,
}

impl Checked {
    pub fn wrong_lines(&self) -> usize {
        self.lines.iter().filter(|line| line.wanted.is_none()).count()
    }

    /// What to create for each line, with its number, if all of them are right.
    pub fn wanted(&self) -> Result<Vec<(i64, Wanted)>, ListFault> {
        if let Some(fault) = &self.fault {
            return Err(fault.clone());
        }
        let right = self.lines.iter().filter_map(|line| {
            let number = i64::try_from(line.typed.number).unwrap_or(i64::MAX);
            Some((number, line.wanted.clone()?))
        });
        match self.wrong_lines() {
            0 => Ok(right.collect()),
            lines => Err(ListFault::WrongLines { lines }),
        }
    }
}

/// What tells whether a list is the one that was checked.
pub fn digest(list: &str) -> String {
    crypto::fingerprint(&list.replace("\r\n", "\n"))
}

/// Checks a list for this person. `comment` is the comment of lines that have none.
pub async fn check(
    app: &App,
    conn: &mut Conn<'_>,
    actor: &Principal,
    list: &str,
    comment: &str,
) -> Result<Checked, OpError> {
    let lines = match invite_list::read(list) {
        Ok(lines) => lines,
        Err(fault) => return Ok(Checked { fault: Some(fault), ..Checked::default() }),
    };
    let groups = store::groups::all(conn).await?;
    let groups = groups.into_iter().map(|Group { id, name }| (name::fold(&name), id)).collect();
    let rules = app.policy(conn).await?;
    let taken = visible_numbers(app, actor);
    let mut judge = Judge { rules: &rules, actor, groups, taken, comment, seen: HashMap::new() };
    let lines: Vec<CheckedLine> = lines.into_iter().map(|typed| judge.line(typed)).collect();
    Ok(Checked { lines, fault: None })
}

struct Judge<'a> {
    rules: &'a Policy,
    actor: &'a Principal,
    /// By their folded names.
    groups: HashMap<String, GroupId>,
    /// The numbers of accounts that the actor can see. Of other accounts the list reveals nothing.
    taken: HashSet<Phone>,
    comment: &'a str,
    /// The numbers of the lines before, with the lines.
    seen: HashMap<Phone, usize>,
}

impl Judge<'_> {
    fn line(&mut self, typed: ListLine) -> CheckedLine {
        let mut errors: Vec<(Option<Column>, ErrorCode)> =
            typed.fault.iter().map(|fault| (None, fault.clone().into())).collect();
        let mut note = |column, error: ErrorCode| errors.push((Some(column), error));
        let person = Email::parse(&typed.owner).map_err(|why| note(Column::Owner, why.into())).ok();
        let phone = match typed.phone.as_str() {
            "" => None,
            phone => Phone::parse(phone).map_err(|why| note(Column::Phone, why.into())).ok(),
        };
        if let Some(phone) = &phone {
            if let Some(line) = self.seen.insert(phone.clone(), typed.number) {
                note(Column::Phone, ListFault::DuplicateNumber { line }.into());
            } else if self.taken.contains(phone) {
                note(Column::Phone, ErrorCode::PhoneTaken);
            }
        }
        let mut groups = Vec::new();
        for name in typed.group_names() {
            match self.group(name) {
                Ok(group) if groups.contains(&group) => {}
                Ok(group) => groups.push(group),
                Err(fault) => note(Column::Groups, fault.into()),
            }
        }
        let comment = if typed.comment.is_empty() { self.comment } else { &typed.comment }.to_owned();
        if let Err(error) = check_comment(&comment) {
            note(Column::Comment, error.code());
        }
        let right = person.filter(|_| errors.is_empty());
        let wanted = right.map(|person| Wanted { person, phone, comment, groups });
        CheckedLine { typed, errors, wanted }
    }

    /// The group of this name, if accounts of the actor's invites may join it. People who don't manage access learn
    /// nothing about which groups there are.
    fn group(&self, name: &str) -> Result<GroupId, ListFault> {
        let why = |code: ErrorCode| ListFault::Group { name: name.to_owned(), why: Box::new(code) };
        decide_system::<can::ManageAccess>(self.rules, self.actor).map_err(|refusal| why(refusal.into()))?;
        let group = self.groups.get(&name::fold(name));
        let group = *group.ok_or_else(|| ListFault::UnknownGroup { name: name.to_owned() })?;
        authorize(self.rules, self.actor, &[group]).map_err(|error| why(error.code()))?;
        Ok(group)
    }
}
