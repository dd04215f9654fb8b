//! Saves the backend whenever it has changed.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::Server;
use crate::storage::{StateFile, StorageError};

/// The pause before a write that failed is repeated.
const RETRY_AFTER: Duration = Duration::from_secs(1);

impl Server {
    /// Saves each change until the token is cancelled. Changes that come during a write share the next one.
    pub(crate) async fn persist(self: Arc<Self>, file: StateFile, cancel: CancellationToken) {
        let save = async {
            loop {
                match self.save(&file) {
                    Ok(changes) => {
                        self.saved.send_replace(changes);
                        self.unsaved.notified().await;
                    }
                    Err(error) => {
                        tracing::error!(%error, "cannot save the state; clients wait for their answers");
                        tokio::time::sleep(RETRY_AFTER).await;
                    }
                }
            }
        };
        cancel.run_until_cancelled(save).await;
    }

    /// Saves the backend. Returns how many changes are in what was written.
    pub(crate) fn save(&self, file: &StateFile) -> Result<u64, StorageError> {
        let (bytes, changes) = self.inspect(|backend| (file.encode(backend), backend.changes));
        file.write(&bytes?)?;
        Ok(changes)
    }
}
