//! Startup: migrates the database, checks it against the settings, reads it into memory, and starts the hub. The lease
//! must be held.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::Context as _;

use crate::clock::Clock;
use crate::config::Config;
use crate::context::{App, Context};
use crate::domain::access::Policy;
use crate::domain::{DesiredState, Snapshot};
use crate::live::Live;
use crate::live::devices::KnownDevices;
use crate::live::last_known::LastKnownStates;
use crate::store::{self, Db};
use crate::telegram::{HostSettings, Hosts, Hub, HubSettings, Observer};
use crate::{ops, telegram};

/// How many clients may be starting at once. TDLib loads hundreds in parallel faster than a few at a time; the limit
/// saves memory and connections with thousands of accounts.
const STARTS_AT_ONCE: usize = 256;

/// Starts the td-hosts, migrates the database, and reads it. No client runs yet.
pub(crate) async fn start(config: Config, clock: Clock, db: Db) -> anyhow::Result<Arc<App>> {
    let hosts = Hosts::new(host_settings(&config)?);
    hosts.start();
    let context = Context::open(Arc::new(config), db, clock).await?;
    let (live, hub) = load(&context, hosts).await?;
    let app = App::new(context, live, hub);
    ops::proxies::reload(&app).await?;
    Ok(app)
}

/// Reads the data for pages into memory, and starts the hub that keeps it current.
async fn load(context: &Context, hosts: Hosts) -> anyhow::Result<(Live, Hub)> {
    let conn = &mut context.db.read().await?;
    let known = store::account_states::all(conn).await?;
    let profiles: Vec<_> = known.iter().map(|(id, known)| (*id, known.profile.clone())).collect();
    let live = Live::new(store::accounts::all(conn).await?, LastKnownStates::new(known));
    for (account, profile) in profiles {
        live.accounts.put_snapshot(account, Snapshot { profile, ..Snapshot::off() });
    }
    for (account, photo) in store::account_pictures::all(conn, &context.keys).await? {
        live.accounts.put_picture(account, Some(photo));
    }
    let groups = store::groups::all(conn).await?;
    live.accounts.set_groups(groups.into_iter().map(|group| (group.id, group.name)));
    live.policy.replace(Policy::new(&store::rules::load(conn).await?, context.config.sso.owner_privileges));
    let known_devices = KnownDevices::new(store::account_devices::all(conn, &context.keys).await?);
    let live = Live { devices: Arc::new(known_devices), ..live };
    let (accounts, pictures) = (Arc::clone(&live.accounts), Arc::clone(&live.pictures));
    let devices = Arc::clone(&live.devices);
    let observer = Observer {
        snapshot: Box::new(move |account, snapshot| accounts.put_snapshot(account, snapshot)),
        picture: Box::new(move |account, picture| pictures.put(account, picture)),
        devices: Box::new(move |account, list| devices.put(account, list)),
    };
    let hub = Hub::new(hub_settings(&context.config, context.clock.clone()), hosts, observer)?;
    Ok((live, hub))
}

/// Starts the client of every account whose desired state is connected.
pub(crate) fn connect_accounts(app: &App) {
    for entry in app.live.accounts.listing().iter() {
        if entry.account.wanted == DesiredState::Connected
            && let Err(error) = ops::accounts::start(app, &entry.account)
        {
            tracing::error!(account = %entry.account.id, ?error, "cannot start the account's client");
        }
    }
}

/// This program, also if its file was replaced or removed since it was started: an update in place must not keep a new
/// td-host from starting, nor start one of another version.
fn own_program() -> anyhow::Result<PathBuf> {
    let running = PathBuf::from("/proc/self/exe");
    if running.exists() {
        return Ok(running);
    }
    std::env::current_exe().context("Telescope does not know where its own program is")
}

fn host_settings(config: &Config) -> anyhow::Result<HostSettings> {
    anyhow::ensure!(
        config.telegram.library.is_file(),
        "TDLIB_LIBRARY: there is no TDLib at {}. `make natives` fetches it.",
        config.telegram.library.display()
    );
    if !config.telegram.environment.is_test() {
        telegram::checksum::check(&config.telegram.library, config.telegram.library_sha512.as_deref())?;
    }
    Ok(HostSettings {
        program: own_program()?,
        library: std::path::absolute(&config.telegram.library)?,
        count: usize::from(config.telegram.hosts),
        memory_limit: (config.telegram.host_memory_mb > 0)
            .then_some(config.telegram.host_memory_mb * 1024 * 1024),
    })
}

fn hub_settings(config: &Config, clock: Clock) -> HubSettings {
    HubSettings {
        starts_at_once: STARTS_AT_ONCE,
        test_environment: config.telegram.environment.is_test(),
        api_id: config.telegram.api_id,
        api_hash: config.telegram.api_hash.clone(),
        clock,
    }
}
