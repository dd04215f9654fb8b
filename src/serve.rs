//! Serving: waiting for the lease, running the pages and the background tasks, and stopping in order.

mod standby;
pub(crate) mod startup;

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::task::{JoinError, JoinHandle};

use crate::clock::Clock;
use crate::config::Config;
use crate::context::App;
use crate::domain::access::Principal;
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::http::listeners::Listeners;
use crate::http::server;
use crate::http::server::Limits;
use crate::node::{control, lease};
use crate::ops::audit::{checkpoint, queue, rekey};
use crate::store::Db;
use crate::tasks::account_history;
use crate::tasks::supervisor::Supervisor;
use crate::{tasks, web};

/// How long open requests may take after the signal to stop.
const STOPPING_TIME: Duration = Duration::from_secs(5);

/// Why a server stops.
enum Stop {
    Signal(&'static str),
    /// Another server has the lease now.
    LeaseLost,
    /// The task that accepts connections ended.
    Server(Result<(), JoinError>),
    /// A background task failed that the server must not go on without.
    Task(&'static str),
}

/// Serves until SIGTERM or Ctrl-C, once no other server is active on the database.
pub async fn serve(config: Config) -> anyhow::Result<()> {
    config.notes.iter().for_each(|note| tracing::warn!("{note}"));
    let folders = config.storage.folders();
    folders.check_links().map_err(anyhow::Error::msg)?;
    folders.warnings().iter().for_each(|warning| tracing::warn!("{warning}"));
    let listeners = listeners(&config).await?;
    let clock = Clock::System;
    let mut stop = pin!(stop_signal());
    let db = Db::connect(&config.storage.db).await?;
    let mut lease = tokio::select! {
        lease = standby::obtain_lease(&db, &clock, &listeners, limits(&config)) => lease?,
        signal = &mut stop => {
            tracing::info!(signal, "stopped before it was the active one");
            return Ok(());
        }
    };
    let served = serve_alone(config, clock, db, listeners, &mut lease, stop).await;
    let given_back = lease.give_back().await;
    served.and(given_back)
}

/// Serves as the active one, then stops in order: pages, streams, clients, hosts. Once the lease is lost, clients
/// are closed at once and nothing more is written.
async fn serve_alone(
    config: Config,
    clock: Clock,
    db: Db,
    listeners: Listeners,
    lease: &mut lease::Held,
    signal: Pin<&mut impl Future<Output = &'static str>>,
) -> anyhow::Result<()> {
    let app = startup::start(config, clock, db).await?;
    begin_audit_log(&app).await?;
    let mut supervisor = Supervisor::start(&app, tasks::all(&app));
    startup::connect_accounts(&app);
    app.sso.prefetch();
    tracing::info!(url = %app.config.http.public_url, addresses = ?listeners.addresses(), "serving");
    let stopped = app.stopping.clone().cancelled_owned();
    let listeners = listeners.start()?;
    let limits = limits(&app.config);
    let mut server = tokio::spawn(server::serve(listeners, web::router(Arc::clone(&app)), limits, stopped));
    let stop = tokio::select! {
        () = app.db.lease_lost() => Stop::LeaseLost,
        signal = signal => Stop::Signal(signal),
        ended = &mut server => Stop::Server(ended),
        task = supervisor.failed() => Stop::Task(task),
        () = lease.keeper_failed() => Stop::Task("lease"),
    };
    log_stop(&stop);
    app.stopping.cancel();
    match stop {
        Stop::LeaseLost => {
            tokio::join!(supervisor.stop(), finish_requests(&mut server), app.hub.stop());
            Ok(())
        }
        Stop::Signal(_) => {
            finish_requests(&mut server).await;
            shut_down(&app, supervisor).await;
            Ok(())
        }
        Stop::Server(ended) => {
            shut_down(&app, supervisor).await;
            ended.context("the task that accepts connections failed")
        }
        Stop::Task(name) => {
            finish_requests(&mut server).await;
            shut_down(&app, supervisor).await;
            anyhow::bail!("the background task {name} failed, and the server must not go on without it")
        }
    }
}

/// Compares the audit log with what the run before left, closes its open intents, and records the start.
async fn begin_audit_log(app: &App) -> anyhow::Result<()> {
    checkpoint::compare(app).await?;
    rekey::entries_of_former_key(app).await?;
    queue::close_intents(app).await?;
    note(app, AuditEvent::Started { version: env!("CARGO_PKG_VERSION").into() });
    Ok(())
}

fn log_stop(stop: &Stop) {
    match stop {
        Stop::LeaseLost => tracing::error!(
            "another Telescope has taken over; closing every client, and writing nothing more"
        ),
        Stop::Signal(signal) => tracing::info!(signal, "stopping"),
        Stop::Server(ended) => tracing::error!(?ended, "no more connections are accepted; stopping"),
        Stop::Task(task) => tracing::error!(task, "an essential background task failed; stopping"),
    }
}

async fn finish_requests(server: &mut JoinHandle<()>) {
    if tokio::time::timeout(STOPPING_TIME, &mut *server).await.is_err() {
        tracing::warn!("some requests did not end in time");
        server.abort();
    }
}

/// Ends what goes on beside the pages, and writes what is left to write.
async fn shut_down(app: &App, supervisor: Supervisor) {
    control::close(app);
    supervisor.stop().await;
    if let Err(error) = account_history::keep(app).await {
        tracing::warn!(%error, "the last known states of accounts were not written");
    }
    app.hub.stop().await;
    note(app, AuditEvent::Stopped);
    if let Err(error) = queue::flush(app).await {
        tracing::error!(%error, "the last entries of the audit log were not written");
    }
    checkpoint::write_last(app).await;
    tracing::info!("stopped");
}

fn limits(config: &Config) -> Limits {
    Limits::new(config.limits.max_connections, Duration::from_secs(config.limits.keep_alive_seconds.into()))
}

fn note(app: &App, event: AuditEvent) {
    app.audit_queue.put(AuditEntry::done(app.clock.now(), &Principal::System("telescope"), event));
}

/// The listener that a launcher handed over (LISTEN_FDS), or our own.
async fn listeners(config: &Config) -> anyhow::Result<Listeners> {
    if let Some(inherited) = listenfd::ListenFd::from_env().take_tcp_listener(0)? {
        inherited.set_nonblocking(true)?;
        // Or a td-host that outlives this process by a moment would hold the port.
        rustix::io::fcntl_setfd(&inherited, rustix::io::FdFlags::CLOEXEC)?;
        return Ok(inherited.into());
    }
    let own = Listeners::bind(&config.http.host, config.http.port).await;
    own.with_context(|| format!("HOST and PORT: can't listen on {}:{}", config.http.host, config.http.port))
}

async fn stop_signal() -> &'static str {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => tokio::select! {
            _ = terminate.recv() => "SIGTERM",
            _ = tokio::signal::ctrl_c() => "SIGINT",
        },
        Err(_) => {
            let _ = tokio::signal::ctrl_c().await;
            "SIGINT"
        }
    }
}
