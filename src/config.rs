//! What the operator decides: the settings, from the environment or a file `.env`.
//!
//! They are read once, at the start, into plain values. Whatever is wrong is reported at once and in
//! sentences, so that ten mistakes do not take ten starts. The environment wins
//! over the file. The file's values are not put into the environment, so no child process inherits them.
//! `.env.sample` explains every setting; a test holds it equal to [`SETTINGS`].

mod assertion;
mod authorities;
mod dsn;
mod limits;
mod master_keys;
mod oidc;
mod people;
mod public_url;
mod reader;
mod telegram;
mod values;

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;

pub use assertion::{
    AssertionFormat, Audience, ClaimSource, EMAIL_CLAIM, EmailTrust, KeysAt, MAX_SKEW, Subjects,
};
pub use authorities::Authorities;
pub use dsn::Dsn;
pub use limits::Limits;
pub use oidc::OidcSettings;
pub use public_url::{PublicUrl, is_loopback_name};
pub use reader::ConfigFaults;
pub use values::{Proxy, SsoMode, TelegramEnvironment};

use crate::crypto::{KeyError, Keys, MasterKey};
use crate::domain::access;
use crate::domain::privilege::AccountPrivileges;
use crate::domain::{Email, EmailDomain, Secret, Subnet};
use reader::Reader;
use values::{log_filter, subnets};

/// Every setting, in the order of `.env.sample`.
pub const SETTINGS: &[&str] = &[
    "HOST",
    "PORT",
    "PUBLIC_URL",
    "TRUSTED_PROXIES",
    "DATA_DIR",
    "ACCOUNTS_DIR",
    "DB_DSN",
    "TELEGRAM_ENVIRONMENT",
    "API_ID",
    "API_HASH",
    "TDLIB_LIBRARY",
    "TDLIB_SHA512",
    "TELEGRAM_PROXY",
    "TD_HOSTS",
    "TD_HOST_MEMORY_MB",
    "SESSION_PROBE_SECONDS",
    "SSO_MODE",
    "CLOUDFLARE_ACCESS_CERTS",
    "CLOUDFLARE_POLICY_AUD",
    "JWT_PRESET",
    "JWT_HEADER",
    "JWT_ALGORITHMS",
    "JWT_ISSUER",
    "JWT_AUDIENCE",
    "JWT_JWKS_URL",
    "JWT_EMAIL_CLAIM",
    "JWT_TRUST_EMAIL",
    "JWT_GROUPS_CLAIM",
    "ADMIN_EMAILS",
    "OWNER_PRIVILEGES",
    "SSO_EMAIL_DOMAINS",
    "SSO_CA_FILE",
    "OIDC_ISSUER",
    "OIDC_CLIENT_ID",
    "OIDC_CLIENT_SECRET",
    "OIDC_SCOPES",
    "OIDC_EMAIL_CLAIM",
    "OIDC_GROUPS_CLAIM",
    "OIDC_TRUST_EMAIL",
    "TWO_FACTOR_ENCRYPTION_KEY",
    "TWO_FACTOR_ENCRYPTION_KEY_OLD",
    "LOGIN_ATTEMPTS_PER_DAY",
    "CODES_PER_PERSON_PER_DAY",
    "WRONG_INPUTS_PER_PERSON_PER_DAY",
    "SIGN_INS_PER_MINUTE",
    "SESSIONS_PER_USER",
    "AUDIT_DETAILS_DAYS",
    "STREAMS_PER_USER",
    "MAX_CONNECTIONS",
    "KEEP_ALIVE_SECONDS",
    "LOG",
    "CORS_POLICY",
];

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
    /// Authorities that are trusted beside the system's when an identity provider is asked.
    pub sso_authorities: Option<Authorities>,
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
        let file: HashMap<String, String> = match dotenvy::from_filename_iter(".env") {
            Ok(lines) => lines.collect::<Result<_, _>>().map_err(|error| dotenv_fault(&error))?,
            Err(error) if error.not_found() => HashMap::new(),
            Err(error) => return Err(dotenv_fault(&error)),
        };
        let unreadable = SETTINGS
            .iter()
            .filter(|name| std::env::var_os(name).is_some_and(|value| value.to_str().is_none()))
            .map(|name| format!("{name} is not text (UTF-8)."))
            .collect::<Vec<_>>();
        if !unreadable.is_empty() {
            return Err(ConfigFaults(unreadable));
        }
        Self::from_env(|name| std::env::var(name).ok().or_else(|| file.get(name).cloned()))
    }

    /// Whether addresses of this domain may sign in.
    pub fn admits(&self, email: &Email) -> bool {
        self.sso_email_domains.is_empty() || self.sso_email_domains.iter().any(|domain| domain.is_of(email))
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

/// Reads every setting; `None` only together with a fault.
fn read<E: Fn(&str) -> Option<String>>(env: &mut Reader<E>) -> Option<Config> {
    let host = env.text("HOST").unwrap_or_else(|| "localhost".into());
    let port = env.number("PORT", 0..=u16::MAX).unwrap_or(8888);
    let public_url = public_url::read(env, &host, port);
    let trusted_proxies = env.read("TRUSTED_PROXIES", subnets).unwrap_or_default();
    let data_dir = PathBuf::from(env.text("DATA_DIR").unwrap_or_else(|| "data".into()));
    let accounts_dir = PathBuf::from(env.text("ACCOUNTS_DIR").unwrap_or_else(|| "accounts".into()));
    let db_dsn = env.read("DB_DSN", Dsn::parse).unwrap_or_else(|| Dsn::in_folder(&data_dir));
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
    let sso_authorities = env.read("SSO_CA_FILE", |file| Authorities::read(file.as_ref()));
    let oidc = oidc::read(env, sso_mode == Some(SsoMode::Oidc));
    let (key, old_key) = master_keys::read(env, telegram_environment);
    let audit_details_days = env.number("AUDIT_DETAILS_DAYS", 0..=36_500).unwrap_or(0);
    let log = env.read("LOG", log_filter).unwrap_or_else(|| "info".into());
    let limits = Limits::read(env);
    let mut notes = notes(env, limits.login_attempts_per_day, sso_mode);
    let has_proxies = !trusted_proxies.is_empty();
    notes.extend(people::notes(public_url.as_ref(), has_proxies, assertion.as_ref(), oidc.as_ref()));
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
        sso_authorities,
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

/// A fault in the file. The line itself may hold a secret, so only its place is told.
fn dotenv_fault(error: &dotenvy::Error) -> ConfigFaults {
    ConfigFaults(vec![match error {
        dotenvy::Error::LineParse(_, place) => {
            format!(
                "A line of .env can't be read, at its character {place}: put quotes around values with spaces."
            )
        }
        _ => "The file .env can't be read.".into(),
    }])
}

#[cfg(test)]
mod tests;
