//! Where changes are made: in a running server, whose live state has to follow, or in a command alone.

use crate::context::{App, Context};
use crate::live::events::Change;
use crate::ops::policy;

/// A place where changes are made, and what has to know of them after their commit.
pub trait Publisher: Sync {
    fn context(&self) -> &Context;

    /// Lets everything know that depends on what was changed. Returns when it is in force.
    fn publish(&self, change: Change) -> impl Future<Output = ()> + Send;
}

/// A command without a server: nothing else is there that would have to know.
impl Publisher for Context {
    fn context(&self) -> &Context {
        self
    }

    async fn publish(&self, _: Change) {}
}

impl Publisher for App {
    fn context(&self) -> &Context {
        &self.context
    }

    async fn publish(&self, change: Change) {
        match change {
            // Announced by the refresh itself.
            Change::Policy => {}
            Change::User(_) | Change::SessionEnded(_) => self.live.events.publish(change),
        }
        policy::in_force(self).await;
    }
}
