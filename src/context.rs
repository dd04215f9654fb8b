//! The context of operations: [`Context`], which commands have too, and [`App`], which only a running server has.

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
use crate::mail::Mailer;
use crate::sso::{ProxyAuthenticator, oidc};
use crate::store::{self, Conn, Db, StoreError, Tx, Written};
use crate::telegram::Hub;

/// The database, the keys, the clock and the settings. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Context {
    pub config: Arc<Config>,
    pub db: Db,
    pub keys: Arc<Keys>,
    pub clock: Clock,
}

/// A running server. It derefs to its [`Context`]: operations that commands can run take a `Context`; operations that
/// need live state or Telegram take an `App`.
pub struct App {
    pub context: Context,
    /// The state that pages read without the database, and the event bus.
    pub live: Live,
    /// The accounts' clients.
    pub hub: Hub,
    pub sso: Sso,
    /// None if the settings name no mail server.
    pub mailer: Option<Mailer>,
    pub guards: Guards,
    /// Audit entries that are not written yet.
    pub audit_queue: AuditQueue,
    /// Cancelled when the server stops, which ends streams and tasks.
    pub stopping: CancellationToken,
}

/// The identity provider or authenticating proxy.
#[derive(Debug, Default)]
pub struct Sso {
    pub oidc: Option<oidc::Provider>,
    /// Verifies the assertions of a signing proxy.
    pub proxy: Option<ProxyAuthenticator>,
}

impl Context {
    /// Migrates the database and checks that it belongs to the configured master key and Telegram environment. The lease
    /// must be held.
    pub async fn open(config: Arc<Config>, db: Db, clock: Clock) -> anyhow::Result<Self> {
        let keys = Arc::new(config.storage.keys()?);
        db.migrate().await?;
        store::access_seals::prepare(&db, &keys, clock.now()).await?;
        stamp_environment(&db, &config).await?;
        Ok(Self { config, db, keys, clock })
    }

    /// Runs a change with this audit entry; both are committed or neither.
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

    /// Runs a change that records its own audit entries.
    pub async fn write_with<T, E, W>(&self, work: W) -> Result<T, E>
    where
        W: AsyncFnOnce(&mut Tx<'_>) -> Result<Written<T>, E>,
        E: From<StoreError>,
    {
        self.db.write(&self.keys, work).await
    }

    /// The access policy now in the database.
    pub async fn policy(&self, conn: &mut Conn<'_>) -> Result<Policy, StoreError> {
        Ok(Policy::new(&store::rules::load(conn).await?, self.config.sso.owner_privileges))
    }
}

/// Binds the database to one Telegram environment permanently: the accounts of one don't exist in the other.
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
        let mail = context.config.mail.clone();
        let mailer = mail.map(|settings| Mailer::new(settings, context.config.http.public_url.host()));
        Arc::new(Self {
            context,
            live,
            hub,
            sso,
            mailer,
            guards: Guards::default(),
            audit_queue: AuditQueue::default(),
            stopping: CancellationToken::new(),
        })
    }

    /// Sets whether the database is unavailable, and publishes a change. Returns whether it was one.
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

    /// Starts fetching keys and metadata for the first sign-in.
    pub(crate) fn prefetch(&self) {
        if let Some(proxy) = &self.proxy {
            proxy.prepare();
        }
        if let Some(provider) = &self.oidc {
            provider.prepare();
        }
    }
}
