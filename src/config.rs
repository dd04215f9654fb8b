//! What the operator decides: the settings, from the environment or a file `.env`.
//!
//! They are read once, at the start, into plain values. Whatever is wrong is reported at once and in
//! sentences, so that ten mistakes do not take ten starts. The environment wins
//! over the file. The file's values are not put into the environment, so no child process inherits them.
//! `.env.sample` explains every setting; a test holds it equal to [`setting_names`].

mod assertion;
mod authorities;
mod dsn;
mod env_file;
mod host;
mod limits;
mod master_keys;
mod oidc;
mod outbound;
mod people;
mod public_url;
mod reader;
mod telegram;
mod values;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::env::VarError;
use std::path::{Path, PathBuf};

pub use assertion::{AssertionFormat, Audience, ClaimSource, KeysAt, MAX_SKEW};
pub use authorities::Authorities;
pub use dsn::Dsn;
pub use limits::Limits;
pub use oidc::OidcSettings;
pub use outbound::{Outbound, OutboundProxy};
pub use public_url::{PublicUrl, is_loopback_name};
pub use reader::ConfigFaults;
pub use values::{Proxy, SsoMode, TelegramEnvironment};

use crate::crypto::{KeyError, Keys, MasterKey};
use crate::domain::access;
use crate::domain::privilege::AccountPrivileges;
use crate::domain::{Email, EmailDomain, Secret, Subnet};
use crate::process::folders::Folders;
use reader::Reader;
use values::{log_filter, subnets};

/// All settings. Secrets in it do not print.
#[derive(Clone, Debug)]
pub struct Config {
    pub limits: Limits,
    /// The name or address to listen on.
    pub host: String,
    /// The port to listen on; 0 takes any free one.
    pub port: u16,
    /// Where people reach Telescope.
    pub public_url: PublicUrl,
    /// The networks of the proxies that may say whom they speak for.
    pub trusted_proxies: Vec<Subnet>,
    /// The folder for what Telescope keeps beside the database.
    pub data_dir: PathBuf,
    /// The folder of the accounts' TDLib folders.
    pub accounts_dir: PathBuf,
    /// The database.
    pub db_dsn: Dsn,
    /// Which Telegram.
    pub telegram_environment: TelegramEnvironment,
    /// The application's id at Telegram.
    pub api_id: i32,
    /// The application's hash at Telegram.
    pub api_hash: Secret,
    /// TDLib itself.
    pub tdlib_library: PathBuf,
    /// SHA-512 that the library must have, 128 lower-case hexadecimal digits.
    pub tdlib_sha512: Option<String>,
    /// The proxy that TDLib goes through.
    pub telegram_proxy: Option<Proxy>,
    /// Processes that run TDLib.
    pub td_hosts: u16,
    /// Megabytes at which such a process is restarted at a quiet time; 0: never.
    pub td_host_memory_mb: u64,
    /// Seconds of silence after which Telegram is asked whether a session still holds; 0: never.
    pub session_probe_seconds: u64,
    /// What people may do with the accounts that they own.
    pub owner_privileges: AccountPrivileges,
    /// How people sign in.
    pub sso_mode: SsoMode,
    /// The signed assertions of a proxy; there whenever people sign in by them.
    pub assertion: Option<AssertionFormat>,
    /// Who is administrator at the first sight.
    pub admin_emails: BTreeSet<Email>,
    /// The domains whose addresses may sign in; every domain if there are none.
    pub sso_email_domains: BTreeSet<EmailDomain>,
    /// How an identity provider is reached.
    pub sso_outbound: Outbound,
    /// The OpenID provider; there whenever people sign in through one.
    pub oidc: Option<OidcSettings>,
    /// The master key; none only in the test environment, where one is then made and kept in `data_dir`.
    pub two_factor_encryption_key: Option<MasterKey>,
    /// The master key before it, which still opens what it sealed.
    pub two_factor_encryption_key_old: Option<MasterKey>,
    /// Days for which the details of audit entries are kept; 0: for ever.
    pub audit_details_days: u32,
    /// The filter of the log, as `tracing-subscriber` reads it.
    pub log: String,
    /// Remarks on settings that are valid but unusual; for the log.
    pub notes: Vec<String>,
}

impl Config {
    /// Reads the environment, and `.env` in the working folder for what the environment lacks.
    pub fn load() -> Result<Self, ConfigFaults> {
        let file = env_file::read(Path::new(".env"))?;
        let unreadable = RefCell::new(BTreeSet::new());
        let config = Self::from_env(|name| match std::env::var(name) {
            Ok(value) => Some(env_file::unquoted(&value).to_owned()),
            Err(VarError::NotPresent) => lower_case(name).or_else(|| file.get(name).cloned()),
            Err(VarError::NotUnicode(_)) => {
                unreadable.borrow_mut().insert(format!("{name} is not text (UTF-8)."));
                None
            }
        });
        let unreadable = unreadable.into_inner();
        if unreadable.is_empty() { config } else { Err(ConfigFaults(unreadable.into_iter().collect())) }
    }

    /// Whether addresses of this domain may sign in.
    pub fn admits(&self, email: &Email) -> bool {
        self.sso_email_domains.is_empty() || self.sso_email_domains.iter().any(|domain| domain.is_of(email))
    }

    /// The folders that these settings name.
    pub fn folders(&self) -> Folders<'_> {
        let database = match &self.db_dsn {
            Dsn::Sqlite(file) => Some(file.as_path()),
            Dsn::Postgres(_) => None,
        };
        Folders { data: &self.data_dir, accounts: &self.accounts_dir, database }
    }

    /// The keys that these settings name.
    pub fn keys(&self) -> Result<Keys, KeyError> {
        let old = self.two_factor_encryption_key_old.as_ref();
        Keys::load(self.two_factor_encryption_key.as_ref(), old, &self.data_dir)
    }

    /// Reads the settings from anything that gives values by name.
    pub fn from_env(env: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigFaults> {
        let mut env = Reader::new(env);
        let settings = read(&mut env);
        env.finish()?;
        settings.ok_or_else(|| ConfigFaults(vec!["Some setting is missing.".into()]))
    }
}

/// A variable that names a proxy, in the spelling that curl and others have.
fn lower_case(name: &str) -> Option<String> {
    let is_shared = matches!(name, "HTTPS_PROXY" | "HTTP_PROXY" | "ALL_PROXY" | "NO_PROXY");
    is_shared.then(|| std::env::var(name.to_ascii_lowercase()).ok())?
}

/// The name of every setting that is read.
pub fn setting_names() -> BTreeSet<String> {
    let asked = RefCell::new(BTreeSet::new());
    // All are read, also if some that are needed are missing.
    let _ = Config::from_env(|name| {
        asked.borrow_mut().insert(name.to_owned());
        None
    });
    asked.into_inner()
}

/// Reads every setting; `None` only together with a fault.
fn read<E: Fn(&str) -> Option<String>>(env: &mut Reader<E>) -> Option<Config> {
    let host = env.read("HOST", host::parse).unwrap_or_else(|| "localhost".into());
    let port = env.number("PORT", 0..=u16::MAX).unwrap_or(8888);
    let public_url = public_url::read(env, &host, port);
    let trusted_proxies = env.read("TRUSTED_PROXIES", subnets).unwrap_or_default();
    let data_dir = PathBuf::from(env.text("DATA_DIR").unwrap_or_else(|| "data".into()));
    let accounts_dir = PathBuf::from(env.text("ACCOUNTS_DIR").unwrap_or_else(|| "accounts".into()));
    let (db_dsn, passed_over) =
        env.read("DB_DSN", Dsn::parse_with_notes).unwrap_or_else(|| (Dsn::in_folder(&data_dir), Vec::new()));
    let telegram_environment = env
        .read("TELEGRAM_ENVIRONMENT", TelegramEnvironment::parse)
        .unwrap_or(TelegramEnvironment::Production);
    let application = telegram::application(env, telegram_environment);
    let tdlib_library = env.text("TDLIB_LIBRARY").unwrap_or_else(|| telegram::default_library().into());
    let tdlib_sha512 = env.read("TDLIB_SHA512", telegram::sha512);
    let telegram_proxy = env.read("TELEGRAM_PROXY", Proxy::parse);
    let td_hosts = env.number("TD_HOSTS", 1..=64).unwrap_or(1);
    let td_host_memory_mb = env.number("TD_HOST_MEMORY_MB", 0..=1_000_000).unwrap_or(0);
    let session_probe_seconds = env.number("SESSION_PROBE_SECONDS", 0..=86_400).unwrap_or(600);
    let owner_privileges = env.read("OWNER_PRIVILEGES", values::owner_privileges).unwrap_or(access::OWNER);
    let sso_mode = people::sso_mode(env, telegram_environment, &host, public_url.as_ref());
    let assertion = assertion::read(env, sso_mode, public_url.as_ref());
    let (admin_emails, sso_email_domains) = people::named(env, sso_mode);
    let mut outbound_notes = Vec::new();
    let asks = matches!(sso_mode, Some(SsoMode::Oidc | SsoMode::Cloudflare | SsoMode::Jwt));
    let sso_outbound = outbound::read(env, asks, &mut outbound_notes);
    let oidc = oidc::read(env, sso_mode == Some(SsoMode::Oidc));
    let (key, old_key) = master_keys::read(env, telegram_environment);
    let audit_details_days = env.number("AUDIT_DETAILS_DAYS", 0..=36_500).unwrap_or(0);
    let log = env.read("LOG", log_filter).unwrap_or_else(|| "info".into());
    let limits = Limits::read(env);
    let mut notes = notes(env, limits.login_attempts_per_day, sso_mode);
    notes.extend(outbound_notes);
    notes.extend(passed_over.into_iter().map(|name| format!("DB_DSN: the parameter {name} is passed over.")));
    let (api_id, api_hash) = application?;
    Some(Config {
        limits,
        host,
        port,
        public_url: public_url?,
        trusted_proxies,
        data_dir,
        accounts_dir,
        db_dsn,
        telegram_environment,
        api_id,
        api_hash,
        tdlib_library: tdlib_library.into(),
        tdlib_sha512,
        telegram_proxy,
        td_hosts,
        td_host_memory_mb,
        session_probe_seconds,
        owner_privileges,
        sso_mode: sso_mode?,
        assertion,
        admin_emails,
        sso_email_domains,
        sso_outbound,
        oidc,
        two_factor_encryption_key: key,
        two_factor_encryption_key_old: old_key,
        audit_details_days,
        log,
        notes,
    })
}

fn notes<E: Fn(&str) -> Option<String>>(
    env: &mut Reader<E>,
    attempts: u32,
    sso_mode: Option<SsoMode>,
) -> Vec<String> {
    let mut notes = Vec::new();
    if sso_mode == Some(SsoMode::Disable) {
        notes.push(
            "SSO_MODE is disable: everyone who reaches this server from this machine is the administrator."
                .into(),
        );
    }
    if env.text("CORS_POLICY").is_some() {
        notes.push("CORS_POLICY has no effect: pages and server have one origin, PUBLIC_URL.".into());
    }
    if attempts > 4 {
        notes.push(format!(
            "LOGIN_ATTEMPTS_PER_DAY is {attempts}; Telegram locks a number out after about five attempts a day."
        ));
    }
    notes
}

#[cfg(test)]
mod tests;
