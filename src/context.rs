//! What operations work with: [`Context`], which commands have as well, and [`App`], which only a running server has.

use std::ops::Deref;
use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use crate::clock::Clock;
use crate::config::Config;
use crate::crypto::Keys;
use crate::domain::access::Policy;
use crate::domain::audit::AuditEntry;
use crate::live::Live;
use crate::live::audit_queue::AuditQueue;
use crate::live::events::Change;
use crate::live::guards::Guards;
use crate::sso::{ProxyAuthenticator, oidc};
use crate::store::{self, Conn, Db, StoreError, Tx, Written};
use crate::telegram::Hub;

/// The database, the keys, the time and the settings. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Context {
    pub config: Arc<Config>,
    pub db: Db,
    pub keys: Arc<Keys>,
    pub clock: Clock,
}

/// A running server. It derefs to its [`Context`], so what a command can do takes that, and what needs live state or
/// Telegram takes an `App`.
pub struct App {
    pub context: Context,
    /// What pages read without the database, and the events that announce changes.
    pub live: Live,
    /// The accounts' clients.
    pub hub: Hub,
    pub sso: Sso,
    pub guards: Guards,
    /// Audit entries on their way into the database.
    pub audit_queue: AuditQueue,
    /// Cancelled once the server stops; streams and tasks end then.
    pub stopping: CancellationToken,
}

/// How people prove who they are, as far as a provider is involved.
#[derive(Debug, Default)]
pub struct Sso {
    pub oidc: Option<oidc::Provider>,
    /// Verifies the assertions of a proxy that signs them.
    pub proxy: Option<ProxyAuthenticator>,
}

impl Context {
    /// Brings the database up to date and makes sure that it is the one of these settings: of this master key, and of
    /// this Telegram. The lease has to be held.
    pub async fn open(config: Arc<Config>, db: Db, clock: Clock) -> anyhow::Result<Self> {
        let keys = Arc::new(config.storage.keys()?);
        db.migrate().await?;
        store::access_seals::prepare(&db, &keys, clock.now()).await?;
        stamp_environment(&db, &config).await?;
        Ok(Self { config, db, keys, clock })
    }

    /// Runs a change with this audit entry: both are there, or neither.
    pub async fn write<T, E, W>(&self, entry: &AuditEntry, work: W) -> Result<T, E>
    where
        W: AsyncFnOnce(&mut Tx<'_>) -> Result<T, E>,
        E: From<StoreError>,
    {
        self.write_with(async |tx| {
            let value = work(tx).await?;
            Ok(tx.record(entry).await?.with(value))
        })
        .await
    }

    /// Runs a change that finds out by itself what to record.
    pub async fn write_with<T, E, W>(&self, work: W) -> Result<T, E>
    where
        W: AsyncFnOnce(&mut Tx<'_>) -> Result<Written<T>, E>,
        E: From<StoreError>,
    {
        self.db.write(&self.keys, work).await
    }

    /// The access policy as the database has it now.
    pub async fn policy(&self, conn: &mut Conn<'_>) -> Result<Policy, StoreError> {
        Ok(Policy::new(&store::rules::load(conn).await?, self.config.sso.owner_privileges))
    }
}

/// A database belongs to one Telegram environment for ever: the accounts of one mean nothing in the other.
async fn stamp_environment(db: &Db, config: &Config) -> anyhow::Result<()> {
    const KEY: &str = "telegram_environment";
    let ours = config.telegram.environment.name();
    let stamped = db
        .maintain(async |conn| -> Result<Option<String>, StoreError> {
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

impl App {
    pub fn new(context: Context, live: Live, hub: Hub) -> Arc<Self> {
        let sso = Sso::new(&context.config, &context.clock);
        Arc::new(Self {
            context,
            live,
            hub,
            sso,
            guards: Guards::default(),
            audit_queue: AuditQueue::default(),
            stopping: CancellationToken::new(),
        })
    }

    /// Says whether the database is unavailable, and publishes it if that is a change; whether it was one.
    pub fn set_database_away(&self, away: bool) -> bool {
        let changed = self.db.set_away(away);
        if changed {
            self.live.events.publish(Change::Health);
        }
        changed
    }
}

impl Deref for App {
    type Target = Context;

    fn deref(&self) -> &Context {
        &self.context
    }
}

impl Sso {
    fn new(config: &Config, clock: &Clock) -> Self {
        let outbound = &config.sso.outbound;
        let oidc = config.sso.oidc.clone().filter(|_| config.sso.mode.is_oidc());
        Self {
            oidc: oidc
                .map(|it| oidc::Provider::new(it, config.http.public_url.clone(), outbound, clock.clone())),
            proxy: config
                .sso
                .assertion
                .clone()
                .map(|format| ProxyAuthenticator::new(format, outbound, clock.clone())),
        }
    }

    /// Starts fetching what the first sign-in needs.
    pub(crate) fn prefetch(&self) {
        if let Some(proxy) = &self.proxy {
            proxy.prepare();
        }
        if let Some(provider) = &self.oidc {
            provider.prepare();
        }
    }
}
