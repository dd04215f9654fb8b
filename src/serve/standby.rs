//! Waiting for the lease. Meanwhile every request is answered with a page that says so.

use std::time::Duration;

use tokio::sync::oneshot;

use crate::clock::Clock;
use crate::http::listeners::Listeners;
use crate::http::server::{self, Limits};
use crate::node::lease::{Candidate, Held};
use crate::store::Db;
use crate::web;

/// How long open requests may take when the wait ends.
const LAST_ANSWERS: Duration = Duration::from_secs(1);

/// Waits for the lease and takes it.
pub(crate) async fn obtain_lease(
    db: &Db,
    clock: &Clock,
    listeners: &Listeners,
    limits: Limits,
) -> anyhow::Result<Held> {
    let held = wait(db, clock, listeners, limits).await?;
    tracing::info!("this server is now the active one");
    Ok(held)
}

async fn wait(db: &Db, clock: &Clock, listeners: &Listeners, limits: Limits) -> anyhow::Result<Held> {
    let mut candidate = Candidate::new(db, clock).await?;
    if let Some(held) = candidate.try_take().await? {
        return Ok(held);
    }
    let (taken, is_taken) = oneshot::channel::<()>();
    let listeners = listeners.try_clone()?.start()?;
    let mut server = tokio::spawn(server::serve(listeners, web::standby(), limits, async {
        let _ = is_taken.await;
    }));
    let held = candidate.wait().await;
    drop(taken);
    if tokio::time::timeout(LAST_ANSWERS, &mut server).await.is_err() {
        server.abort();
    }
    held
}
