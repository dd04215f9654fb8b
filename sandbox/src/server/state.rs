//! What one lock guards: the backend, the sessions and the open password challenges.

use crate::backend::Backend;
use crate::mtproto::session::{Outgoing, SessionKey};
use crate::mtproto::sessions::Sessions;
use crate::rpc::Challenges;

#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) backend: Backend,
    pub(crate) sessions: Sessions,
    pub(crate) challenges: Challenges,
}

impl State {
    /// Queues a message for a session, if the session still exists.
    pub(crate) fn push(&mut self, session: SessionKey, message: Outgoing) {
        if let Some(session) = self.sessions.get_mut(&session) {
            session.push(message);
        }
    }
}
