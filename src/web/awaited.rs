//! The stream of an armed reveal: it waits for one login code, gives it to one person, and ends.

use std::sync::Arc;
use std::time::Duration;

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use axum::response::sse::Event;
use tokio::sync::{broadcast, mpsc};
use tower_sessions::Session;
use tower_sessions::session::Id;

use super::error::AppError;
use super::extract::Allowed;
use super::fragment::partial;
use super::live::{Sender, answer, ends, in_silence, signed_out, stopped, watch_ends};
use super::pages::code::RevealedPart;
use crate::app::App;
use crate::domain::AccountId;
use crate::domain::access::Actor;
use crate::domain::privilege::can;
use crate::ops::reveal::{self, Awaited};

const OVER: &str = "<p id=\"awaited\" role=\"status\">No code came in time. Begin again with a reason.</p>";

/// Whom the code is for.
struct Waiting {
    actor: Actor,
    account: AccountId,
    session: Option<Id>,
    ended: broadcast::Receiver<Id>,
}

/// Waits for the code of the visitor's armed reveal.
pub async fn code(
    State(app): State<Arc<App>>,
    session: Session,
    allowed: Result<Allowed<can::Login>, AppError>,
) -> Response {
    let (sender, events) = mpsc::channel(2);
    match allowed {
        Ok(allowed) => {
            let account = allowed.entry.account.id;
            let waiting =
                Waiting { actor: allowed.actor, account, session: session.id(), ended: watch_ends() };
            tokio::spawn(wait(app, waiting, sender));
        }
        Err(AppError::SignedOut) => drop(sender.try_send(Ok(signed_out()))),
        Err(error) => return in_silence(error),
    }
    answer(events)
}

async fn wait(app: Arc<App>, mut waiting: Waiting, sender: Sender) {
    let mut changes = app.directory.subscribe();
    let mut stopping = app.stopping.subscribe();
    let begun = Event::default().id(format!("{}-0", app.epoch)).event("waiting").data("1");
    if sender.send(Ok(begun)).await.is_err() {
        return;
    }
    let last = loop {
        let seconds = match reveal::awaited(&app, &waiting.actor, waiting.account).await {
            Ok(Awaited::Waiting(until)) => until.seconds_since(app.clock.now()).max(1).unsigned_abs(),
            Ok(Awaited::Came(revealed)) => {
                break RevealedPart { revealed: &revealed }.render().unwrap_or_default();
            }
            Ok(Awaited::Over) | Err(_) => break OVER.to_owned(),
        };
        tokio::select! {
            _ = changes.changed() => {}
            () = tokio::time::sleep(Duration::from_secs(seconds)) => {}
            () = stopped(&mut stopping) => return,
            () = sender.closed() => return,
            () = ends(waiting.session, &mut waiting.ended) => {
                let _ = sender.send(Ok(signed_out())).await;
                return;
            }
        }
    };
    let _ = sender.send(Ok(Event::default().data(partial("#awaited", "outerHTML", &last)))).await;
    let _ = sender.send(Ok(Event::default().event("over").data("1"))).await;
}
