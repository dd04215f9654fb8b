//! Waiting for the lease: every request is answered that another server is active.

use std::time::Duration;

use tokio::sync::oneshot;

use crate::clock::Clock;
use crate::http::listeners::Listeners;
use crate::http::server::{self, Limits};
use crate::node::lease::{Candidate, Held};
use crate::store::Db;
use crate::web;

/// How long open requests may take when the waiting ends.
const LAST_ANSWERS: Duration = Duration::from_secs(1);

/// Takes the lease, however long that takes.
pub(crate) async fn obtain_lease(
    db: &Db,
    clock: &Clock,
    listeners: &Listeners,
    limits: Limits,
) -> anyhow::Result<Held> {
    let held = wait(db, clock, listeners, limits).await?;
    tracing::info!("this Telescope is the active one on its database");
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
