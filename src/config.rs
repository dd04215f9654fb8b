//! The operator's settings, from the environment or a file `.env`.
//!
//! They are read once, at startup, into plain values. All faults are reported together, so that ten mistakes do not
//! take ten starts. The environment takes precedence over the file. The file's values are not put into the environment,
//! so no child process inherits them. `.env.sample` explains every setting; a test compares it with [`setting_names`].

mod assertion;
mod authorities;
mod dsn;
mod env_file;
mod host;
mod http;
mod limits;
mod mail;
mod master_keys;
mod oidc;
mod onboarding;
mod outbound;
mod people;
mod public_url;
mod reader;
mod sso;
mod storage;
mod telegram;
mod values;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::env::VarError;
use std::path::Path;

pub use assertion::{
    AssertionFormat, Audience, ClaimSource, EMAIL_CLAIM, EmailTrust, KeysAt, MAX_SKEW, Subjects,
};
pub use authorities::Authorities;
pub use dsn::Dsn;
pub use http::HttpSettings;
pub use limits::Limits;
pub use mail::{MailSettings, SmtpEncryption};
pub use oidc::OidcSettings;
pub use onboarding::OnboardingSettings;
pub use outbound::{Outbound, OutboundProxy};
pub use public_url::{PublicUrl, is_loopback_name};
pub use reader::ConfigFaults;
pub use sso::SsoSettings;
pub use storage::StorageSettings;
pub use telegram::TelegramSettings;
pub use values::{Proxy, SsoMode, TelegramEnvironment};

use http::HttpDraft;
use reader::Reader;
use values::log_filter;

/// All settings. Secrets are not printed by `{:?}`.
#[derive(Clone, Debug)]
pub struct Config {
    pub http: HttpSettings,
    pub telegram: TelegramSettings,
    pub sso: SsoSettings,
    pub storage: StorageSettings,
    pub limits: Limits,
    pub onboarding: OnboardingSettings,
    /// None if no e-mails are sent.
    pub mail: Option<MailSettings>,
    /// The log filter, in the syntax of `tracing-subscriber`.
    pub log: String,
    /// Warnings about valid but unusual settings, for the log.
    pub notes: Vec<String>,
}

impl Config {
    /// Reads the environment, and `.env` in the working directory for settings that it lacks.
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

    /// Reads the settings from any source that returns values by name.
    pub fn from_env(env: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigFaults> {
        let mut env = Reader::new(env);
        let settings = read(&mut env);
        let notes = env.finish()?;
        let settings = settings.ok_or_else(|| ConfigFaults(vec!["Some setting is missing.".into()]))?;
        Ok(Self { notes, ..settings })
    }
}

/// A variable that names a proxy, in lower case, as curl and others accept it.
fn lower_case(name: &str) -> Option<String> {
    let is_shared = matches!(name, "HTTPS_PROXY" | "HTTP_PROXY" | "ALL_PROXY" | "NO_PROXY");
    is_shared.then(|| std::env::var(name.to_ascii_lowercase()).ok())?
}

/// The name of every setting that is read.
pub fn setting_names() -> BTreeSet<String> {
    let asked = RefCell::new(BTreeSet::new());
    // All are read, even if required ones are missing.
    let _ = Config::from_env(|name| {
        asked.borrow_mut().insert(name.to_owned());
        None
    });
    asked.into_inner()
}

/// Reads every setting. If it returns `None`, there is a fault.
fn read<E: Fn(&str) -> Option<String>>(env: &mut Reader<E>) -> Option<Config> {
    let environment = telegram::environment(env);
    let http = HttpDraft::read(env);
    let telegram = TelegramSettings::read(env, environment);
    let sso = SsoSettings::read(env, environment, &http);
    let storage = StorageSettings::read(env, environment);
    let limits = Limits::read(env);
    let onboarding = OnboardingSettings::read(env);
    let mail = mail::read(env);
    let log = env.read("LOG", log_filter).unwrap_or_else(|| "info".into());
    if env.text("CORS_POLICY").is_some() {
        env.note("CORS_POLICY has no effect: pages and server have one origin, PUBLIC_URL.");
    }
    Some(Config {
        http: http.finish()?,
        telegram: telegram?,
        sso: sso?,
        storage,
        limits,
        onboarding,
        mail,
        log,
        notes: Vec::new(),
    })
}

#[cfg(test)]
mod tests;
