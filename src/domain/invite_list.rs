//! Lists of people to invite, as spreadsheets write them: CSV with a line of column names, separated by commas, semicolons
//! or tabs.
//!
//! Reading tells only what is wrong with the text. Whether its values can be used is judged where accounts and groups are
//! known.

use csv::{ReaderBuilder, StringRecord};
use serde::{Deserialize, Serialize};

use super::error::ErrorCode;
use super::{Email, GroupId, InviteId, Phone, UserId};

/// The largest list, in bytes.
pub const MAX_BYTES: usize = 1024 * 1024;
/// The most people in a list.
pub const MAX_LINES: usize = 1000;
/// What separates the groups of a line.
pub const GROUP_SEPARATOR: char = '|';
/// What may separate the columns; if several would do, the first.
const SEPARATORS: [u8; 3] = [b',', b';', b'\t'];

#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, strum::EnumIter, strum::EnumString, strum::IntoStaticStr,
)]
#[strum(serialize_all = "lowercase", ascii_case_insensitive)]
pub enum Column {
    Phone,
    Owner,
    Groups,
    Comment,
}

impl Column {
    fn parse(name: &str) -> Option<Self> {
        name.trim().parse().ok()
    }

    /// The name in the first line of a list.
    pub fn name(self) -> &'static str {
        self.into()
    }
}

/// What is wrong with a list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ListFault {
    Empty,
    TooLarge,
    TooManyLines,
    /// It is not in UTF-8; it may be in UTF-16.
    Encoding {
        utf16: bool,
    },
    /// A quotation mark in this line is not closed, or not doubled.
    Quotes {
        line: usize,
    },
    UnknownColumn {
        name: String,
    },
    DuplicateColumn {
        name: String,
    },
    NoOwnerColumn,
    /// A line has more values than there are columns.
    TooManyValues {
        values: usize,
        columns: usize,
    },
    /// The number is in that line, too.
    DuplicateNumber {
        line: usize,
    },
    UnknownGroup {
        name: String,
    },
    /// The group can't be used.
    Group {
        name: String,
        why: Box<ErrorCode>,
    },
    /// It has more people than the person can invite today.
    TooManyInvites {
        wanted: i64,
        left: i64,
        limit: i64,
    },
    /// So many lines are wrong.
    WrongLines {
        lines: usize,
    },
    /// It is not the list that was checked.
    Changed,
    /// Its invites are created already.
    Done,
    /// It is stored, and can't be opened with the present keys.
    Unreadable,
}

impl From<ListFault> for ErrorCode {
    fn from(fault: ListFault) -> Self {
        Self::InviteList { fault }
    }
}

/// A line as it was written, with the white space around its values removed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListLine {
    /// The number of its first line in the text.
    pub number: usize,
    pub phone: String,
    pub owner: String,
    pub groups: String,
    pub comment: String,
    /// What is wrong with the line as a whole.
    pub fault: Option<ListFault>,
}

impl ListLine {
    /// The names of its groups.
    pub fn group_names(&self) -> impl Iterator<Item = &str> {
        self.groups.split(GROUP_SEPARATOR).map(str::trim).filter(|name| !name.is_empty())
    }

    pub fn value(&self, column: Column) -> &str {
        match column {
            Column::Phone => &self.phone,
            Column::Owner => &self.owner,
            Column::Groups => &self.groups,
            Column::Comment => &self.comment,
        }
    }

    fn put(&mut self, column: Column, value: &str) {
        let field = match column {
            Column::Phone => &mut self.phone,
            Column::Owner => &mut self.owner,
            Column::Groups => &mut self.groups,
            Column::Comment => &mut self.comment,
        };
        value.trim().clone_into(field);
    }
}

/// An invite that will be created for a line. Its id is known before, so that it can't be created twice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedInvite {
    pub id: InviteId,
    pub creator: UserId,
    pub person: Email,
    pub phone: Option<Phone>,
    pub comment: String,
    pub groups: Vec<GroupId>,
    pub hours: u32,
}

/// The text of a file.
pub fn decode(bytes: &[u8]) -> Result<String, ListFault> {
    if bytes.len() > MAX_BYTES {
        return Err(ListFault::TooLarge);
    }
    // Text has no zero bytes in UTF-8, and every second byte of most texts is zero in UTF-16.
    let utf16 = bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) || bytes.contains(&0);
    match std::str::from_utf8(bytes) {
        Ok(text) if !utf16 => Ok(normalised(text)),
        Ok(_) | Err(_) => Err(ListFault::Encoding { utf16 }),
    }
}

/// The text without a byte order mark and with simple line ends: forms and files write them differently.
fn normalised(text: &str) -> String {
    text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n").replace('\r', "\n")
}

/// The lines of a list.
pub fn read(text: &str) -> Result<Vec<ListLine>, ListFault> {
    if text.len() > MAX_BYTES {
        return Err(ListFault::TooLarge);
    }
    let text = normalised(text);
    let mut records = Records::of(&text, separator(&text));
    let header = records.next().ok_or(ListFault::Empty)?;
    let columns = columns(&header.record)?;
    let mut lines = Vec::new();
    let mut last = header.line;
    for Record { line, record } in records {
        if lines.len() >= MAX_LINES {
            return Err(ListFault::TooManyLines);
        }
        last = line;
        lines.push(read_line(line, &columns, &record));
    }
    // In a list that is right, each quotation mark has another.
    if text.matches('"').count() % 2 == 1 {
        return Err(ListFault::Quotes { line: last });
    }
    if lines.is_empty() { Err(ListFault::Empty) } else { Ok(lines) }
}

fn read_line(number: usize, columns: &[Column], record: &StringRecord) -> ListLine {
    let mut line = ListLine { number, ..ListLine::default() };
    for (column, value) in columns.iter().zip(record) {
        line.put(*column, value);
    }
    let has_more = record.iter().skip(columns.len()).any(|value| !value.trim().is_empty());
    line.fault =
        has_more.then_some(ListFault::TooManyValues { values: record.len(), columns: columns.len() });
    line
}

/// The separator with which the first line has the most of our columns.
fn separator(text: &str) -> u8 {
    let known = |separator: &u8| {
        let header = Records::of(text, *separator).next().map(|header| header.record).unwrap_or_default();
        (header.iter().filter(|name| Column::parse(name).is_some()).count(), header.len())
    };
    // Of several that are equal, the last is found.
    SEPARATORS.into_iter().rev().max_by_key(known).unwrap_or(b',')
}

/// The columns, in the order of the first line. Columns without a name at its end are left out, as spreadsheets write
/// them for cells that are empty.
fn columns(header: &StringRecord) -> Result<Vec<Column>, ListFault> {
    let named = header.iter().enumerate().filter(|(_, name)| !name.trim().is_empty());
    let named = named.last().map_or(0, |(last, _)| last + 1);
    let mut columns = Vec::new();
    for name in header.iter().take(named).map(str::trim) {
        let column = Column::parse(name)
            .ok_or_else(|| ListFault::UnknownColumn { name: name.chars().take(60).collect() })?;
        if columns.contains(&column) {
            return Err(ListFault::DuplicateColumn { name: column.name().into() });
        }
        columns.push(column);
    }
    if columns.contains(&Column::Owner) { Ok(columns) } else { Err(ListFault::NoOwnerColumn) }
}

struct Record {
    line: usize,
    record: StringRecord,
}

/// The records of a text that are not empty, with the numbers of their first lines.
struct Records<'a> {
    text: &'a str,
    reader: csv::Reader<&'a [u8]>,
    /// A byte of the text, and the number of its line.
    seen: (usize, usize),
}

impl<'a> Records<'a> {
    fn of(text: &'a str, separator: u8) -> Self {
        let mut settings = ReaderBuilder::new();
        settings.has_headers(false).flexible(true).delimiter(separator);
        Self { text, reader: settings.from_reader(text.as_bytes()), seen: (0, 1) }
    }

    /// The number of the line of a record that begins at this byte or after empty lines.
    fn line(&mut self, from: usize) -> usize {
        let rest = self.text.get(from..).unwrap_or_default();
        let begin = from + rest.len() - rest.trim_start_matches('\n').len();
        let (byte, line) = self.seen;
        let ends = self.text.get(byte..begin).unwrap_or_default().matches('\n').count();
        self.seen = (begin.max(byte), line + ends);
        self.seen.1
    }
}

impl Iterator for Records<'_> {
    type Item = Record;

    fn next(&mut self) -> Option<Record> {
        let mut record = StringRecord::new();
        // Reading from memory fails only for what is no UTF-8, which the text is.
        while self.reader.read_record(&mut record).unwrap_or(false) {
            let from = record.position().map_or(0, csv::Position::byte);
            let line = self.line(usize::try_from(from).unwrap_or(usize::MAX));
            if record.iter().any(|value| !value.trim().is_empty()) {
                return Some(Record { line, record });
            }
        }
        None
    }
}

#[cfg(test)]
mod tests;
