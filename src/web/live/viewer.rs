//! Whom a stream is for. A page is decided once, when it is asked for; a stream lives on, so it looks again: before
//! each message, if what it knows is a second old, now and then, and at once when its session ends.

use std::sync::{Arc, LazyLock};

use axum::http::StatusCode;
use tokio::sync::broadcast;
use tower_sessions::Session;
use tower_sessions::session::Id;

use super::limit::Place;
use crate::app::App;
use crate::domain::Millis;
use crate::domain::access::Actor;
use crate::store::WebSessions;
use crate::web::auth;
use crate::web::error::AppError;

/// The sessions that end, by id: their streams end with them. Ids are random, so one list serves all.
static ENDED: LazyLock<broadcast::Sender<Id>> = LazyLock::new(|| broadcast::Sender::new(64));

/// What somebody is told who has too many streams open.
const TOO_MANY: &str = "Too many open pages: this one does not change by itself until you close another.";

/// Ends the streams of a session.
pub fn end(session: Id) {
    // An error only means that nobody listens.
    let _ = ENDED.send(session);
}

/// Whom a stream is for.
pub struct Viewer {
    /// Who it is.
    pub actor: Actor,
    /// When the database was last asked who this is.
    seen: Millis,
    session: Option<Id>,
    ends: broadcast::Receiver<Id>,
    /// Held as long as the stream is open.
    _place: Place,
}

impl Viewer {
    /// The person of a session; None if nobody is signed in. Refused if he has too many streams open.
    pub async fn of(app: &App, session: &Session) -> Result<Option<Self>, AppError> {
        // Before the session is looked at: an end in between must not be missed.
        let ends = ENDED.subscribe();
        let actor = auth::current(app, session).await?;
        let Some(actor) = actor else { return Ok(None) };
        let place = app.streams.open(&actor, app.config.streams_per_user);
        let place = place.ok_or_else(|| AppError::Bad(StatusCode::TOO_MANY_REQUESTS, TOO_MANY.into()))?;
        Ok(Some(Self { actor, seen: app.clock.now(), session: session.id(), ends, _place: place }))
    }

    /// Asks the database who this is now; false once nobody is signed in. While the database is away, whoever
    /// was signed in still is: nobody can have signed out.
    pub async fn look_again(&mut self, app: &App) -> bool {
        if self.has_lapsed(app) {
            return false;
        }
        // A new handle: a session's own has read once and would repeat that.
        let store = Arc::new(WebSessions::watching(app.db.clone(), app.clock.clone()));
        match auth::current(app, &Session::new(self.session, store, None)).await {
            Ok(Some(actor)) => {
                self.actor = actor;
                self.seen = app.clock.now();
                true
            }
            Ok(None) => false,
            Err(_) => true,
        }
    }

    /// Whether what proved who this is holds no more. The browser then asks again, with a newer proof if it has one.
    pub fn has_lapsed(&self, app: &App) -> bool {
        app.config.sso_mode.is_by_request() && !app.asserted.holds(self.session, app.clock.now())
    }

    /// Makes sure that rights are at most a second old.
    pub async fn is_present(&mut self, app: &App) -> bool {
        app.clock.now().seconds_since(self.seen) < 1 || self.look_again(app).await
    }

    /// Resolves when this session ends, or when so many ended at once that this one may be among them.
    pub async fn ends(&mut self) {
        loop {
            match self.ends.recv().await {
                Ok(ended) if Some(ended) != self.session => {}
                Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => return,
                Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
            }
        }
    }
}
