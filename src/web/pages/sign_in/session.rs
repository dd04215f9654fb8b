//! What signing in and signing out do to the session of a browser.

use tower_sessions::session::Id;

use crate::domain::Identity;
use crate::live::events::{Change, SessionId};
use crate::ops::sign_in::SignedIn;
use crate::web::auth::session::{self, RequestSession};
use crate::web::error::AppError;
use crate::web::state::State;

/// Begins a person's session under a new id, and ends what was known under the former one.
pub(super) async fn begin(
    app: &State,
    caller: &RequestSession,
    identity: &Identity,
) -> Result<SignedIn, AppError> {
    let replaced = caller.session.id();
    let signed_in = session::sign_in(app, caller, identity).await?;
    publish_end(app, replaced);
    Ok(signed_in)
}

/// Tells caches and open pages that a session has ended.
pub(super) fn publish_end(app: &State, session: Option<Id>) {
    if let Some(session) = session {
        app.live.events.publish(Change::SessionEnded(SessionId(session.0)));
    }
}
