//! Waiting for the lease: every request is answered that another server is active.

use std::net::TcpListener;
use std::time::Duration;

use tokio::sync::oneshot;

use crate::clock::Clock;
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
    listener: &TcpListener,
    limits: Limits,
) -> anyhow::Result<Held> {
    let held = wait(db, clock, listener, limits).await?;
    tracing::info!("this Telescope is the active one on its database");
    Ok(held)
}

async fn wait(db: &Db, clock: &Clock, listener: &TcpListener, limits: Limits) -> anyhow::Result<Held> {
    let mut candidate = Candidate::new(db, clock).await?;
    if let Some(held) = candidate.try_take().await? {
        return Ok(held);
    }
    let (taken, is_taken) = oneshot::channel::<()>();
    let listener = tokio::net::TcpListener::from_std(listener.try_clone()?)?;
    let mut server = tokio::spawn(server::serve(listener, web::standby(), limits, async {
        let _ = is_taken.await;
    }));
    let held = candidate.wait().await;
    drop(taken);
    if tokio::time::timeout(LAST_ANSWERS, &mut server).await.is_err() {
        server.abort();
    }
    held
}
