//! Serving: waiting for the lease, running what goes on beside the pages, and stopping in order.

mod standby;
pub(crate) mod startup;

use std::net::TcpListener;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;

use crate::clock::Clock;
use crate::config::Config;
use crate::context::App;
use crate::domain::access::Principal;
use crate::domain::audit::{AuditEntry, AuditEvent};
use crate::http::server;
use crate::http::server::Limits;
use crate::node::control;
use crate::ops::audit::{checkpoint, queue, rekey, retention};
use crate::ops::{approvals, policy, sign_in, two_step};
use crate::store::Db;
use crate::tasks::{account_history, connectivity};
use crate::{jobs, web};

/// How often the database is looked after.
const DATABASE_CHECK: Duration = Duration::from_secs(1);
/// How long the database may take to answer: people shall know within three seconds that it does not.
const DATABASE_ANSWERS: Duration = Duration::from_millis(1500);
/// How long open requests may take after the signal to stop.
const STOPPING_TIME: Duration = Duration::from_secs(5);

/// Serves until SIGTERM or Ctrl-C, once no other server is active on the database.
pub async fn serve(config: Config) -> anyhow::Result<()> {
    let listener = listener(&config).await?;
    let clock = Clock::System;
    let mut stop = pin!(stop_signal());
    let db = Db::connect(&config.db_dsn).await?;
    let lease = tokio::select! {
        lease = standby::obtain_lease(&db, &clock, &listener, limits(&config)) => lease?,
        signal = &mut stop => {
            tracing::info!(signal, "stopped before it was the active one");
            return Ok(());
        }
    };
    let served = serve_alone(config, clock, db, listener, stop).await;
    let given_back = lease.give_back().await;
    served.and(given_back)
}

/// Serves as the active one, then stops in order: pages, streams, clients, hosts. Once the lease is lost, clients
/// are closed at once and nothing more is written.
async fn serve_alone(
    config: Config,
    clock: Clock,
    db: Db,
    listener: TcpListener,
    stop: impl Future<Output = &'static str>,
) -> anyhow::Result<()> {
    let app = startup::start(config, clock, db).await?;
    checkpoint::compare(&app).await?;
    rekey::entries_of_former_key(&app).await?;
    queue::close_intents(&app).await?;
    note(&app, AuditEvent::Started { version: env!("CARGO_PKG_VERSION").into() });
    let watching = [
        tokio::spawn(watch_database(Arc::clone(&app))),
        tokio::spawn(queue::keep_flushing(Arc::clone(&app))),
        tokio::spawn(checkpoint::keep(Arc::clone(&app))),
        tokio::spawn(account_history::run(Arc::clone(&app))),
        tokio::spawn(connectivity::run(Arc::clone(&app))),
        tokio::spawn(sign_in::tidy_sessions(Arc::clone(&app))),
        tokio::spawn(retention::run(Arc::clone(&app))),
        tokio::spawn(two_step::run(Arc::clone(&app))),
        tokio::spawn(approvals::view::run(Arc::clone(&app))),
        tokio::spawn(control::run(Arc::clone(&app))),
        tokio::spawn(jobs::run(Arc::clone(&app))),
    ];
    startup::connect_accounts(&app);
    app.sso.prefetch();
    tracing::info!(url = %app.config.public_url, address = ?listener.local_addr()?, "serving");
    let stopping = app.stopping.clone();
    let stopped = app.stopping.clone().cancelled_owned();
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let limits = limits(&app.config);
    let mut server = tokio::spawn(server::serve(listener, web::router(Arc::clone(&app)), limits, stopped));
    let lost = tokio::select! {
        () = app.db.lease_lost() => {
            tracing::error!("another Telescope has taken over; closing every client, and writing nothing more");
            true
        }
        signal = stop => {
            tracing::info!(signal, "stopping");
            false
        }
        ended = &mut server => {
            ended.context("the server ended by itself")?;
            false
        }
    };
    stopping.cancel();
    let answering = async {
        if tokio::time::timeout(STOPPING_TIME, &mut server).await.is_err() {
            tracing::warn!("some requests did not end in time");
            server.abort();
        }
    };
    if lost {
        watching.iter().for_each(tokio::task::JoinHandle::abort);
        tokio::join!(answering, app.hub.stop());
        return Ok(());
    }
    answering.await;
    control::close(&app);
    watching.iter().for_each(tokio::task::JoinHandle::abort);
    if let Err(error) = account_history::keep(&app).await {
        tracing::warn!(%error, "what is known of the accounts was not written");
    }
    app.hub.stop().await;
    note(&app, AuditEvent::Stopped);
    if let Err(error) = queue::flush(&app).await {
        tracing::error!(%error, "the last entries of the audit trail were not written");
    }
    checkpoint::write_last(&app).await;
    tracing::info!("stopped");
    Ok(())
}

/// Looks once a second, for everybody, whether the database answers and has the rules that are in force.
async fn watch_database(app: Arc<App>) {
    let mut ticks = tokio::time::interval(DATABASE_CHECK);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let answered = tokio::time::timeout(DATABASE_ANSWERS, app.db.ping()).await;
        let away = !matches!(answered, Ok(Ok(_)));
        app.db.set_away(away);
        if let Ok(Ok(version)) = answered {
            // On its own: a database that hangs while it reads the rules must be noticed to be away.
            let app = Arc::clone(&app);
            tokio::spawn(async move { policy::look(&app, version).await });
        }
        let changed =
            app.live.health.database.send_if_modified(|known| std::mem::replace(known, away) != away);
        if changed && away {
            tracing::warn!("the database is away; pages run from memory");
        } else if changed {
            tracing::info!("the database is back");
        }
    }
}

fn limits(config: &Config) -> Limits {
    Limits::new(config.max_connections, Duration::from_secs(config.keep_alive_seconds.into()))
}

fn note(app: &App, event: AuditEvent) {
    app.audit_queue.put(AuditEntry::done(app.clock.now(), &Principal::System("telescope"), event));
}

/// The listener that a launcher handed over (LISTEN_FDS), or one of our own. Of no runtime yet, so that it can be
/// lent while this server waits.
async fn listener(config: &Config) -> anyhow::Result<TcpListener> {
    if let Some(inherited) = listenfd::ListenFd::from_env().take_tcp_listener(0)? {
        inherited.set_nonblocking(true)?;
        // Or a td-host that outlives this process by a moment would hold the port.
        rustix::io::fcntl_setfd(&inherited, rustix::io::FdFlags::CLOEXEC)?;
        return Ok(inherited);
    }
    let own = tokio::net::TcpListener::bind((config.host.as_str(), config.port)).await;
    let own =
        own.with_context(|| format!("HOST and PORT: can't listen on {}:{}", config.host, config.port))?;
    Ok(own.into_std()?)
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
