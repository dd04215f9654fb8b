//! `POST /audit/export`: the results of a search as a file. It is read and sent in chunks, so that a long log takes no
//! more memory than a short one, and the reader's permission is checked before each chunk.
//!
//! The last line says that it is the last, and how many entries there are. A file without it is incomplete: the reader
//! disconnected or lost the permission, or the database became unavailable. The connection is then cut as well, which
//! browsers report.

use std::io;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum_extra::extract::Form;
use serde::Deserialize;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::format::Format;
use super::list::page;
use super::query::AuditQuery;
use super::row::{Numbers, numbers};
use crate::domain::access::decide_system;
use crate::domain::privilege::can;
use crate::ops::audit::export;
use crate::store::audit::{Entry, Narrowed};
use crate::web::auth::session::RequestSession;
use crate::web::error::AppError;
use crate::web::extract::May;
use crate::web::state::{AppState, State};
use crate::web::stream::Viewer;
use crate::web::words::audit_page as words;
use crate::web::words::moments;

/// Entry numbers that are read for one chunk.
const CHUNK: i64 = 500;
/// How long a reader may take for a chunk.
const CHUNK_TIMEOUT: Duration = Duration::from_secs(60);

#[derive(Debug, Deserialize)]
pub struct ExportForm {
    #[serde(default)]
    format: String,
    #[serde(flatten)]
    query: AuditQuery,
}

pub async fn export(
    app: AppState,
    caller: RequestSession,
    may: May<can::ReadAudit>,
    Form(form): Form<ExportForm>,
) -> Result<Response, AppError> {
    let Some(format) = Format::parse(form.format.trim()) else {
        return Err(AppError::Bad(StatusCode::UNPROCESSABLE_ENTITY, words::UNKNOWN_FORMAT.into()));
    };
    let query = AuditQuery { before: String::new(), ..form.query };
    let Ok((search, _)) = query.parse(app.clock.now()) else { return page(&app, &may, query).await };
    let narrowed = search.narrow(&mut app.db.read().await?).await?;
    let Some(narrowed) = narrowed else {
        return Err(AppError::Bad(StatusCode::UNPROCESSABLE_ENTITY, words::TOO_MANY_MATCHES.into()));
    };
    let viewer = Viewer::of(&app, &caller).await.map_err(|error| match error {
        AppError::Bad(StatusCode::TOO_MANY_REQUESTS, _) => {
            AppError::Bad(StatusCode::TOO_MANY_REQUESTS, words::TOO_MANY_OPEN.into())
        }
        other => other,
    })?;
    let viewer = viewer.ok_or(AppError::SignedOut)?;
    let name = format!("telescope-audit-{}.{}", moments::stamp(app.clock.now()), format.name());
    let headers = [
        (header::CONTENT_TYPE, format.content_type().to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    let (chunks, body) = mpsc::channel(1);
    let (started, has_started) = tokio::sync::oneshot::channel();
    tokio::spawn(async move {
        // Begun in the task, so that its end is recorded however the task ends.
        match export::begin(&app, may.grant(), format.name(), query.encoded()).await {
            Ok(export) => {
                let _ = started.send(Ok(()));
                match write(&app, viewer, &narrowed, format, &chunks).await {
                    Ok(()) => export.end(),
                    Err(reason) => {
                        tracing::warn!(reason, "an export of the audit log was aborted");
                        drop(export);
                        let _ = chunks.send(Err(io::Error::other(reason))).await;
                    }
                }
            }
            Err(error) => drop(started.send(Err(error))),
        }
    });
    has_started
        .await
        .map_err(|_| AppError::Internal(anyhow::anyhow!("an export ended before it began")))??;
    Ok((headers, Body::from_stream(ReceiverStream::new(body))).into_response())
}

type Chunks = mpsc::Sender<Result<Bytes, io::Error>>;

/// Sends everything, or returns why not.
async fn write(
    app: &State,
    mut viewer: Viewer,
    narrowed: &Narrowed,
    format: Format,
    chunks: &Chunks,
) -> Result<(), &'static str> {
    let mut text = format.head();
    let mut count = 0;
    if let Some((mut first, last)) = narrowed.numbers() {
        while first <= last {
            if app.stopping.is_cancelled() {
                return Err("the server is stopping");
            }
            if !viewer.is_present(app).await
                || decide_system::<can::ReadAudit>(&app.live.policy.current(), &viewer.principal).is_err()
            {
                return Err("the reader may no longer read the audit log");
            }
            let end = last.min(first.saturating_add(CHUNK - 1));
            let (entries, numbers) =
                chunk(app, narrowed, first, end).await.ok_or("the audit log can't be read")?;
            count += entries.len() as u64;
            text.extend(entries.iter().map(|entry| format.entry(entry, &numbers)));
            if !text.is_empty() {
                send(chunks, std::mem::take(&mut text)).await?;
            }
            first = end + 1;
        }
    }
    text.push_str(&format.end(count));
    send(chunks, text).await
}

async fn chunk(app: &State, narrowed: &Narrowed, first: i64, last: i64) -> Option<(Vec<Entry>, Numbers)> {
    let conn = &mut app.db.read().await.ok()?;
    let entries = narrowed.forward(conn, first, last).await.ok()?;
    let numbers = numbers(conn, &entries).await.ok()?;
    Some((entries, numbers))
}

async fn send(chunks: &Chunks, text: String) -> Result<(), &'static str> {
    match tokio::time::timeout(CHUNK_TIMEOUT, chunks.send(Ok(Bytes::from(text)))).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err("the reader disconnected"),
        Err(_) => Err("the reader is too slow"),
    }
}
