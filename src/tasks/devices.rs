//! Stores the lists of devices that accounts' clients have read.

use std::sync::Arc;
use std::time::Duration;

use crate::live::events::Change;
use crate::ops::App;
use crate::ops::devices::lists;

/// The pause before they are stored again after that failed.
const PAUSE: Duration = Duration::from_secs(10);

pub async fn run(app: Arc<App>) {
    let mut changes = app.live.events.subscribe();
    loop {
        let stored = lists::store(&app).await;
        if let Err(error) = &stored {
            tracing::warn!(%error, "lists of devices are not stored yet");
        }
        tokio::select! {
            () = tokio::time::sleep(PAUSE), if stored.is_err() => {}
            () = app.live.devices.added() => {}
            // Retry when the database is available again.
            _ = changes.wait_for(|change| change == Change::Health) => {}
        }
    }
}
