//! Where changes are made: in a running server, whose live state must be updated, or in a command without a server.

use crate::context::{App, Context};
use crate::live::events::Change;
use crate::ops::policy;

/// Publishes changes after their commit.
pub trait Publisher: Sync {
    fn context(&self) -> &Context;

    /// Notifies everything that depends on what was changed. Returns when the change has taken effect.
    fn publish(&self, change: Change) -> impl Future<Output = ()> + Send;
}

/// A command without a server: there is nothing to notify.
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
            // The refresh publishes it.
            Change::Policy => policy::refresh_after_change(self).await,
            Change::User(_) | Change::SessionEnded(_) => {
                self.live.events.publish(change);
                policy::refresh_after_change(self).await;
            }
            Change::Account(_)
            | Change::StoredPassword(_)
            | Change::Devices(_)
            | Change::Approvals
            | Change::Jobs
            | Change::Invites
            | Change::Proxies
            | Change::Health
            | Change::Audit
            | Change::Everything => self.live.events.publish(change),
        }
    }
}
