//! State of the pages beside the application, and the extractor that passes both to a handler.

use std::convert::Infallible;
use std::ops::Deref;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::auth::assertion_expiry::AssertionExpiry;
use super::auth::session_cache::SessionCache;
use super::pages::accounts::rows::RowCache;
use super::pages::accounts::shared_list::SharedLists;
use super::pages::audit::feed::AuditFeed;
use super::qr_reader::PictureReader;
use super::stream::limit::OpenStreams;
use crate::context::App;
use crate::http::rate_limit::RateLimiter;

/// The state of the pages. It derefs to the application.
pub struct State {
    pub app: Arc<App>,
    pub sessions: SessionCache,
    /// The expiry of the sessions' assertions.
    pub assertions: AssertionExpiry,
    pub sign_in_limit: RateLimiter,
    /// Of invite links that don't exist.
    pub wrong_links: RateLimiter,
    pub streams: OpenStreams,
    pub pictures: PictureReader,
    pub audit_feed: AuditFeed,
    /// The account lists of open pages, and their rendered rows.
    pub lists: SharedLists,
    pub rows: RowCache,
    /// Identifies this run of the process: a stream of another run starts from the beginning.
    pub epoch: String,
}

impl State {
    fn new(app: Arc<App>) -> Self {
        Self {
            sessions: SessionCache::new(&app.live.events),
            assertions: AssertionExpiry::default(),
            sign_in_limit: RateLimiter::default(),
            wrong_links: RateLimiter::default(),
            streams: OpenStreams::default(),
            pictures: PictureReader::default(),
            audit_feed: AuditFeed::default(),
            lists: SharedLists::default(),
            rows: RowCache::default(),
            epoch: format!("{:x}", app.clock.now().0),
            app,
        }
    }
}

impl Deref for State {
    type Target = App;

    fn deref(&self) -> &App {
        &self.app
    }
}

/// The state, as the router stores it and handlers take it.
#[derive(Clone)]
pub struct AppState(Arc<State>);

impl AppState {
    pub fn new(app: Arc<App>) -> Self {
        Self(Arc::new(State::new(app)))
    }
}

impl Deref for AppState {
    type Target = State;

    fn deref(&self) -> &State {
        &self.0
    }
}

impl FromRequestParts<AppState> for AppState {
    type Rejection = Infallible;

    async fn from_request_parts(_: &mut Parts, state: &AppState) -> Result<Self, Infallible> {
        Ok(state.clone())
    }
}
