//! The application: what is shared by everything that runs, how it starts and how it stops.

use std::sync::Arc;

use anyhow::Context as _;
use tokio::sync::{Notify, watch};

use crate::clock::Clock;
use crate::config::Config;
use crate::crypto::Keys;
use crate::domain::access::Policy;
use crate::domain::{DesiredState, Snapshot};
use crate::jobs::Board;
use crate::live::accounts::Directory;
use crate::live::policy::Rules;
use crate::ops::audit::{failed_attempts, queue};
use crate::ops::reveals::code;
use crate::ops::{approvals, login};
use crate::sso::{ProxyAuthenticator, oidc};
use crate::store::{self, Db, StoreError};
use crate::tasks::account_history;
use crate::telegram::hub::Proxy;
use crate::telegram::{Hub, HubSettings};
use crate::{ops, telegram, web};

/// Clients that may be starting at once. TDLib loads hundreds together faster than a few at a time; what the limit
/// spares is memory and a crowd of connections where there are thousands.
const STARTS_AT_ONCE: usize = 256;

/// What everything shares.
pub struct App {
    /// The settings.
    pub config: Config,
    /// The database.
    pub db: Db,
    /// Every account and how it stands.
    pub directory: Arc<Directory>,
    /// Who may do what.
    pub rules: Rules,
    /// The accounts' clients.
    pub hub: Hub,
    /// The keys that seal and sign.
    pub keys: Keys,
    /// The time.
    pub clock: Clock,
    /// True once the program is to stop; streams end then.
    pub stopping: watch::Sender<bool>,
    /// Audit entries on their way into the database.
    pub journal: queue::Journal,
    /// Accounts for which a code is being asked.
    pub in_flight: login::InFlight,
    /// Reveals that wait for a code.
    pub pending_reveals: code::PendingReveals,
    /// Requests to see a secret.
    pub reveals: approvals::Board,
    /// Long work.
    pub board: Arc<Board>,
    /// What was last known of each account.
    pub last_known: account_history::LastKnownStates,
    /// Told when a two-step password was stored.
    pub stored_passwords: Notify,
    /// Whether the database is away; pages then run from memory and say so.
    pub database_away: watch::Sender<bool>,
    /// Whether Telegram can't be reached, by any account.
    pub telegram_away: watch::Sender<bool>,
    /// The OpenID provider, if people sign in through one.
    pub oidc: Option<oidc::Provider>,
    /// Whom sessions belonged to when the database last said so.
    pub session_cache: web::SessionCache,
    /// Looks at signed assertions, if people come with them.
    pub proxy_auth: Option<ProxyAuthenticator>,
    /// Until when the assertions hold with which people came.
    pub assertion_expiry: web::AssertionExpiry,
    /// How often people tried to sign in just now.
    pub sign_ins: web::RateLimiter,
    /// The open live streams.
    pub streams: web::OpenStreams,
    /// New entries of the trail, for the pages that show it.
    pub audit_feed: web::AuditFeed,
    /// What was refused not long ago, and written down.
    pub refusals: failed_attempts::Refusals,
    /// Names this run of the program: a stream that saw another begins anew.
    pub epoch: String,
}

impl App {
    /// Brings the database up to date and starts the hub. No client runs yet. The lease has to be held.
    pub async fn start(config: Config, clock: Clock, db: Db) -> anyhow::Result<Arc<Self>> {
        let keys = prepare(&db, &config).await?;
        let accounts = store::accounts::all(&mut db.read().await?).await?;
        let groups = store::groups::all(&mut db.read().await?).await?;
        let known = store::account_states::all(&mut db.read().await?).await?;
        let rules = Policy::new(&store::rules::load(&mut db.read().await?).await?, config.owner_privileges);
        let directory = Arc::new(Directory::new(accounts));
        for (account, known) in &known {
            directory.put_snapshot(*account, Snapshot { profile: known.profile.clone(), ..Snapshot::off() });
        }
        directory.set_groups(groups.into_iter().map(|group| (group.id, group.name)));
        let pictures = Arc::clone(&directory);
        let hub = Hub::start(
            hub_settings(&config, clock.clone())?,
            Box::new(move |account, snapshot| pictures.put_snapshot(account, snapshot)),
        )?;
        let app = Self::assemble(
            config,
            clock,
            keys,
            db,
            directory,
            account_history::LastKnownStates::of(known),
            hub,
        );
        app.rules.replace(rules);
        Ok(app)
    }

    /// The application of these parts, for whoever has started them.
    pub fn assemble(
        config: Config,
        clock: Clock,
        keys: Keys,
        db: Db,
        directory: Arc<Directory>,
        last_known: account_history::LastKnownStates,
        hub: Hub,
    ) -> Arc<Self> {
        let epoch = format!("{:x}", clock.now().0);
        let authorities = config.sso_authorities.as_ref();
        let oidc = config.oidc.clone().filter(|_| config.sso_mode.is_oidc());
        let oidc =
            oidc.map(|it| oidc::Provider::new(it, config.public_url.clone(), authorities, clock.clone()));
        let proxy_auth = config
            .assertion
            .clone()
            .map(|format| ProxyAuthenticator::new(format, authorities, clock.clone()));
        Arc::new(Self {
            config,
            db,
            directory,
            rules: Rules::default(),
            hub,
            keys,
            clock,
            stopping: watch::Sender::new(false),
            journal: queue::Journal::default(),
            in_flight: login::InFlight::default(),
            pending_reveals: code::PendingReveals::default(),
            reveals: approvals::Board::default(),
            board: Arc::default(),
            last_known,
            stored_passwords: Notify::new(),
            database_away: watch::Sender::new(false),
            telegram_away: watch::Sender::new(false),
            oidc,
            session_cache: web::SessionCache::default(),
            proxy_auth,
            assertion_expiry: web::AssertionExpiry::default(),
            sign_ins: web::RateLimiter::default(),
            streams: web::OpenStreams::default(),
            audit_feed: web::AuditFeed::default(),
            refusals: failed_attempts::Refusals::default(),
            epoch,
        })
    }

    /// Starts the client of every account that is wanted connected.
    pub fn connect_wanted(&self) {
        for entry in &self.directory.listing().entries {
            if entry.account.wanted == DesiredState::Connected
                && let Err(error) = ops::accounts::start(self, &entry.account)
            {
                tracing::error!(account = %entry.account.id, ?error, "an account can't be started");
            }
        }
    }
}

/// Brings the database up to date and makes sure that it is the one of these settings: of this master key, and of
/// this Telegram. The lease has to be held.
pub(crate) async fn prepare(db: &Db, config: &Config) -> anyhow::Result<Keys> {
    let keys = config.keys()?;
    db.migrate().await?;
    db.change(async |conn| store::key_check::check(conn, &keys).await).await?;
    stamp_environment(db, config).await?;
    Ok(keys)
}

/// A database belongs to one Telegram environment for ever: the accounts of one mean nothing in the other.
async fn stamp_environment(db: &Db, config: &Config) -> anyhow::Result<()> {
    const KEY: &str = "telegram_environment";
    let ours = config.telegram_environment.name();
    let stamped = db
        .change(async |conn| -> Result<Option<String>, StoreError> {
            let stamped = store::meta::get(conn, KEY).await?;
            if stamped.is_none() {
                store::meta::set(conn, KEY, ours).await?;
            }
            Ok(stamped)
        })
        .await?;
    match stamped {
        Some(theirs) if theirs != ours => anyhow::bail!(
            "This database belongs to Telegram's {theirs} environment, but TELEGRAM_ENVIRONMENT is {ours}. \
             Use another database."
        ),
        _ => Ok(()),
    }
}

fn hub_settings(config: &Config, clock: Clock) -> anyhow::Result<HubSettings> {
    anyhow::ensure!(
        config.tdlib_library.is_file(),
        "TDLIB_LIBRARY: there is no TDLib at {}. `make natives` fetches it.",
        config.tdlib_library.display()
    );
    if !config.telegram_environment.is_test() {
        telegram::checksum::check(&config.tdlib_library, config.tdlib_sha512.as_deref())?;
    }
    Ok(HubSettings {
        program: std::env::current_exe().context("Telescope does not know where its own program is")?,
        library: std::path::absolute(&config.tdlib_library)?,
        hosts: usize::from(config.td_hosts),
        memory_limit: (config.td_host_memory_mb > 0).then_some(config.td_host_memory_mb * 1024 * 1024),
        starts_at_once: STARTS_AT_ONCE,
        test_environment: config.telegram_environment.is_test(),
        api_id: config.api_id,
        api_hash: config.api_hash.clone(),
        proxy: config
            .telegram_proxy
            .as_ref()
            .map(|proxy| Proxy { address: proxy.address, login: proxy.login.clone() }),
        clock,
    })
}
