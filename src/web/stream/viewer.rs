//! Whom a stream is for. A page is decided once, when it is asked for; a stream lives on, so it looks again: before
//! each message, if what it knows is a second old, now and then, and at once when its session ends.

use std::sync::{Arc, LazyLock};

use axum::http::StatusCode;
use tokio::sync::broadcast;
use tower_sessions::Session;
use tower_sessions::session::Id;

use crate::context::App;
use crate::domain::access::Principal;
use crate::domain::{Millis, UserId};
use crate::store::WebSessions;
use crate::web::auth::session::{self, RequestSession};
use crate::web::error::AppError;
use crate::web::stream::limit::Place;

/// What streams have to hear of: then they look again at whom they are for. Ids are random, so one list serves all.
static NEWS: LazyLock<broadcast::Sender<News>> = LazyLock::new(|| broadcast::Sender::new(64));

/// Why a stream has to look again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum News {
    /// This session has ended, and its streams end with it.
    Ended(Id),
    /// This person's sessions or rights were changed.
    Changed(UserId),
    /// Rules were changed, for whomever.
    Rules,
}

/// What somebody is told who has too many streams open.
const TOO_MANY: &str = "Too many open pages: this one does not change by itself until you close another.";

/// Ends the streams of a session.
pub fn end(session: Id) {
    // An error only means that nobody listens.
    let _ = NEWS.send(News::Ended(session));
}

/// Lets every stream of a person look again: it ends if its session has ended, and goes on with what the person may
/// do now.
pub fn look_again_at(person: UserId) {
    let _ = NEWS.send(News::Changed(person));
}

/// Lets every stream look again.
pub fn all_look_again() {
    let _ = NEWS.send(News::Rules);
}

/// Whom a stream is for.
pub struct Viewer {
    /// Who it is.
    pub actor: Principal,
    /// When the database was last asked who this is.
    seen: Millis,
    session: Option<Id>,
    news: broadcast::Receiver<News>,
    /// Held as long as the stream is open.
    _place: Place,
}

impl Viewer {
    /// The person of a session; None if nobody is signed in. Refused if he has too many streams open.
    pub async fn of(app: &App, caller: &RequestSession) -> Result<Option<Self>, AppError> {
        let RequestSession { session, origin } = caller;
        // Before the session is looked at: an end in between must not be missed.
        let news = NEWS.subscribe();
        let actor = session::current(app, session, origin).await?;
        let Some(actor) = actor else { return Ok(None) };
        let place = app.streams.open(&actor, app.config.streams_per_user);
        let place = place.ok_or_else(|| AppError::Bad(StatusCode::TOO_MANY_REQUESTS, TOO_MANY.into()))?;
        Ok(Some(Self { actor, seen: app.clock.now(), session: session.id(), news, _place: place }))
    }

    /// Asks the database who this is now; false once nobody is signed in. While the database is away, whoever
    /// was signed in still is: nobody can have signed out.
    pub async fn look_again(&mut self, app: &App) -> bool {
        if self.has_lapsed(app) {
            return false;
        }
        // A new handle: a session's own has read once and would repeat that.
        let store = Arc::new(WebSessions::watching(app.db.clone(), app.clock.clone()));
        let origin = self.actor.origin();
        match session::current(app, &Session::new(self.session, store, None), &origin).await {
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
        app.config.sso_mode.is_by_request() && !app.assertion_expiry.holds(self.session, app.clock.now())
    }

    /// Makes sure that rights are at most a second old.
    pub async fn is_present(&mut self, app: &App) -> bool {
        app.clock.now().seconds_since(self.seen) < 1 || self.look_again(app).await
    }

    fn concerns(&self, news: News) -> bool {
        match (news, &self.actor) {
            (News::Ended(session), _) => Some(session) == self.session,
            (News::Changed(changed), Principal::User(person)) => changed == person.id,
            (News::Changed(_), _) => false,
            (News::Rules, _) => true,
        }
    }

    /// Resolves when there is news of this session or person, or when there was so much at once that this one may
    /// be among it.
    pub async fn has_news(&mut self) {
        loop {
            match self.news.recv().await {
                Ok(news) if !self.concerns(news) => {}
                Ok(_) | Err(broadcast::error::RecvError::Lagged(_)) => return,
                Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
            }
        }
    }
}
