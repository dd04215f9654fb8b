//! `POST /audit/export`: what fits a search, as a file. It is read and sent piece by piece, so a long trail takes no
//! more memory than a short one, and the reader's rights are looked at before each piece.
//!
//! The last line says that it is the last, and how many entries there are. A file without it broke off: the reader
//! went away, lost his right, or the database did. The connection is then cut as well, which browsers say.

use std::io;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum_extra::extract::Form;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::line::{self, Numbers};
use crate::domain::access::decide_system;
use crate::domain::privilege::can;
use crate::ops::audit::export;
use crate::store::audit::{Entry, Narrowed};
use crate::web::auth::session::RequestSession;
use crate::web::csv;
use crate::web::error::AppError;
use crate::web::extract::May;
use crate::web::pages::audit::list::{TOO_MANY, Wanted, page};
use crate::web::state::{AppState, State};
use crate::web::stream::Viewer;
use crate::web::words::text;

/// Numbers that are looked at for one piece.
const PIECE: i64 = 500;
/// How long a reader may take for a piece.
const PATIENCE: Duration = Duration::from_secs(60);
/// What is said to somebody who has too much open at once.
const BUSY: &str = "You have too many pages and exports open. Close some, or wait until an export has ended.";

/// The columns, in their order; JSON Lines have the same names.
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

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Csv,
    JsonLines,
}

impl Format {
    fn parse(name: &str) -> Option<Self> {
        [Self::Csv, Self::JsonLines].into_iter().find(|format| format.name() == name)
    }

    /// The name in the form, in the trail and behind the file's name.
    const fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::JsonLines => "jsonl",
        }
    }

    const fn kind(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::JsonLines => "application/x-ndjson",
        }
    }

    fn head(self) -> String {
        match self {
            Self::Csv => csv::record(COLUMNS),
            Self::JsonLines => String::new(),
        }
    }

    fn entry(self, entry: &Entry, numbers: &Numbers) -> String {
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
    fn end(self, entries: u64) -> String {
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
    let number = entry.account.and_then(|id| numbers.get(&id)).map(|(phone, _)| phone.digits());
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
        json!(text::event(&entry.code, entry.outcome.name(), entry.details.as_deref())),
        json!(entry.details),
        json!(chained.details_salt),
        json!(chained.details_digest),
        json!(chained.digest),
        json!(chained.mac),
    ]
}

/// A value as a field of a table.
fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// What the form says.
#[derive(Debug, Deserialize)]
pub struct Typed {
    #[serde(default)]
    format: String,
    #[serde(flatten)]
    wanted: Wanted,
}

/// The file.
pub async fn export(
    app: AppState,
    caller: RequestSession,
    may: May<can::ReadAudit>,
    Form(typed): Form<Typed>,
) -> Result<Response, AppError> {
    let Some(format) = Format::parse(typed.format.trim()) else {
        let words = "An export is written as csv or as jsonl. Load the page again and choose one.";
        return Err(AppError::Bad(StatusCode::UNPROCESSABLE_ENTITY, words.into()));
    };
    let wanted = Wanted { before: String::new(), ..typed.wanted };
    let Ok((search, _)) = wanted.read() else { return page(&app, &may, wanted).await };
    let narrowed = search.narrow(&mut app.db.read().await?).await?;
    let Some(narrowed) = narrowed else {
        return Err(AppError::Bad(StatusCode::UNPROCESSABLE_ENTITY, TOO_MANY.into()));
    };
    let viewer = Viewer::of(&app, &caller).await.map_err(|error| match error {
        AppError::Bad(StatusCode::TOO_MANY_REQUESTS, _) => {
            AppError::Bad(StatusCode::TOO_MANY_REQUESTS, BUSY.into())
        }
        other => other,
    })?;
    let viewer = viewer.ok_or(AppError::SignedOut)?;
    let name = format!("telescope-audit-{}.{}", text::stamp(app.clock.now()), format.name());
    let headers = [
        (header::CONTENT_TYPE, format.kind().to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    let (pieces, body) = mpsc::channel(1);
    let (begun, is_begun) = tokio::sync::oneshot::channel();
    tokio::spawn(async move {
        // Begun in here, so that its end is written down however this ends.
        match export::begin(&app, may.grant(), format.name(), wanted.encoded()).await {
            Ok(export) => {
                let _ = begun.send(Ok(()));
                match write(&app, viewer, &narrowed, format, &pieces).await {
                    Ok(()) => export.end(),
                    Err(reason) => {
                        tracing::warn!(reason, "an export of the audit trail broke off");
                        drop(export);
                        let _ = pieces.send(Err(io::Error::other(reason))).await;
                    }
                }
            }
            Err(error) => drop(begun.send(Err(error))),
        }
    });
    is_begun.await.map_err(|_| AppError::Internal(anyhow::anyhow!("an export ended before it began")))??;
    Ok((headers, Body::from_stream(ReceiverStream::new(body))).into_response())
}

type Pieces = mpsc::Sender<Result<Bytes, io::Error>>;

/// Sends all of it, or says why not.
async fn write(
    app: &State,
    mut viewer: Viewer,
    narrowed: &Narrowed,
    format: Format,
    pieces: &Pieces,
) -> Result<(), &'static str> {
    let mut text = format.head();
    let mut count = 0;
    if let Some((mut first, last)) = narrowed.numbers() {
        while first <= last {
            if app.stopping.is_cancelled() {
                return Err("Telescope stops");
            }
            if !viewer.is_present(app).await
                || decide_system::<can::ReadAudit>(&app.live.policy.current(), &viewer.principal).is_err()
            {
                return Err("its reader may not read the trail any more");
            }
            let end = last.min(first.saturating_add(PIECE - 1));
            let (entries, numbers) =
                piece(app, narrowed, first, end).await.ok_or("the trail can't be read")?;
            count += entries.len() as u64;
            text.extend(entries.iter().map(|entry| format.entry(entry, &numbers)));
            if !text.is_empty() {
                send(pieces, std::mem::take(&mut text)).await?;
            }
            first = end + 1;
        }
    }
    text.push_str(&format.end(count));
    send(pieces, text).await
}

async fn piece(app: &State, narrowed: &Narrowed, first: i64, last: i64) -> Option<(Vec<Entry>, Numbers)> {
    let conn = &mut app.db.read().await.ok()?;
    let entries = narrowed.forward(conn, first, last).await.ok()?;
    let numbers = line::numbers(conn, &entries).await.ok()?;
    Some((entries, numbers))
}

async fn send(pieces: &Pieces, text: String) -> Result<(), &'static str> {
    match tokio::time::timeout(PATIENCE, pieces.send(Ok(Bytes::from(text)))).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err("its reader went away"),
        Err(_) => Err("its reader does not take it"),
    }
}
