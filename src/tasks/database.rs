//! Checks once a second whether the database answers and which version of the access policy it has.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;

use crate::context::App;
use crate::ops::policy;

const INTERVAL: Duration = Duration::from_secs(1);
/// Pages must show within three seconds that the database does not answer.
const TIMEOUT: Duration = Duration::from_millis(1500);

pub async fn run(app: Arc<App>) {
    let mut ticks = tokio::time::interval(INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut refreshes = JoinSet::new();
    loop {
        ticks.tick().await;
        let answered = tokio::time::timeout(TIMEOUT, app.db.ping()).await;
        let away = !matches!(answered, Ok(Ok(_)));
        let changed = app.set_database_away(away);
        if changed && away {
            tracing::warn!("the database is unavailable; pages are served from memory");
        } else if changed {
            tracing::info!("the database is available again");
        }
        while let Some(refreshed) = refreshes.try_join_next() {
            if let Err(error) = refreshed
                && let Ok(panic) = error.try_into_panic()
            {
                std::panic::resume_unwind(panic);
            }
        }
        if let Ok(Ok(version)) = answered {
            // Not awaited: if the database hangs while the policy is read, the next ping must still detect it.
            let app = Arc::clone(&app);
            refreshes.spawn(async move { policy::refresh_if_changed(&app, version).await });
        }
    }
}
