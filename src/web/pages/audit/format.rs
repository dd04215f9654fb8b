//! How exported entries are written.

use serde_json::{Value, json};

use super::row::Numbers;
use crate::store::audit::Entry;
use crate::web::csv;
use crate::web::words::audit;

/// The columns of the table, in order, and the names in JSON Lines. Programs rely on them.
const COLUMNS: [&str; 17] = [
    "seq",
    "at",
    "code",
    "outcome",
    "intent",
    "actor",
    "account",
    "number",
    "reason",
    "address",
    "request_id",
    "words",
    "details",
    "details_salt",
    "details_digest",
    "digest",
    "mac",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Csv,
    JsonLines,
}

impl Format {
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Csv, Self::JsonLines].into_iter().find(|format| format.name() == name)
    }

    /// The name in the form, in the audit log and as the file's extension.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::JsonLines => "jsonl",
        }
    }

    pub const fn content_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::JsonLines => "application/x-ndjson",
        }
    }

    pub fn head(self) -> String {
        match self {
            // Without the mark, spreadsheets take the text for one in the character set of their system.
            Self::Csv => format!("\u{feff}{}", csv::record(COLUMNS)),
            Self::JsonLines => String::new(),
        }
    }

    pub fn entry(self, entry: &Entry, numbers: &Numbers) -> String {
        let values = values(entry, numbers);
        match self {
            Self::Csv => {
                let texts: Vec<String> = values.iter().map(plain).collect();
                csv::record(texts.iter().map(String::as_str))
            }
            Self::JsonLines => {
                let object = COLUMNS.iter().map(|name| (*name).to_owned()).zip(values).collect();
                format!("{}\n", Value::Object(object))
            }
        }
    }

    /// The last line.
    pub fn end(self, entries: u64) -> String {
        match self {
            Self::Csv => {
                let words = format!("{entries} entries, complete");
                let rest = COLUMNS.iter().skip(2).map(|_| "");
                csv::record(["end", words.as_str()].into_iter().chain(rest))
            }
            Self::JsonLines => format!("{}\n", json!({ "end": { "entries": entries } })),
        }
    }
}

/// An entry's values, in the order of the columns.
fn values(entry: &Entry, numbers: &Numbers) -> [Value; 17] {
    let number = entry.account.and_then(|id| numbers.get(&id)).map(|(account, _)| account.stored());
    let chained = entry.chained();
    [
        json!(entry.seq),
        json!(entry.at.rfc3339()),
        json!(entry.code),
        json!(entry.outcome.name()),
        json!(entry.intent),
        json!(entry.actor),
        json!(entry.account),
        json!(number),
        json!(entry.reason),
        json!(entry.address),
        json!(entry.request_id),
        json!(audit::sentence(&entry.event(), entry.outcome)),
        json!(entry.details),
        json!(chained.details_salt),
        json!(chained.details_digest),
        json!(chained.digest),
        json!(chained.mac),
    ]
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
