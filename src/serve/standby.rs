//! Waiting for the lease. Meanwhile every request is answered with a page that says so.

use std::net::TcpListener;
use std::time::Duration;

use tokio::sync::oneshot;

use crate::clock::Clock;
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
    listener: &TcpListener,
    limits: Limits,
) -> anyhow::Result<Held> {
    let held = wait(db, clock, listener, limits).await?;
    tracing::info!("this server is now the active one");
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
