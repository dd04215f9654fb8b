//! The settings for Telegram: the application's credentials, and TDLib itself.

use std::path::PathBuf;

use super::reader::Reader;
use super::{Proxy, TelegramEnvironment};
use crate::domain::Secret;

/// Which Telegram, and the processes that speak to it.
#[derive(Clone, Debug)]
pub struct TelegramSettings {
    pub environment: TelegramEnvironment,
    /// The application's id at Telegram.
    pub api_id: i32,
    /// The application's hash at Telegram.
    pub api_hash: Secret,
    /// TDLib itself.
    pub library: PathBuf,
    /// SHA-512 that the library must have, 128 lower-case hexadecimal digits.
    pub library_sha512: Option<String>,
    /// The proxy that TDLib goes through.
    pub proxy: Option<Proxy>,
    /// How many processes run TDLib.
    pub hosts: u16,
    /// The memory use in megabytes at which such a process is restarted when it is idle; 0 for never.
    pub host_memory_mb: u64,
    /// Seconds without a message after which Telegram is asked whether a session is still valid; 0 for never.
    pub probe_seconds: u64,
}

/// TELEGRAM_ENVIRONMENT, which decides what else is needed.
pub(super) fn environment<E: Fn(&str) -> Option<String>>(env: &mut Reader<E>) -> TelegramEnvironment {
    env.read("TELEGRAM_ENVIRONMENT", TelegramEnvironment::parse).unwrap_or(TelegramEnvironment::Production)
}

impl TelegramSettings {
    /// Reads the others. If it returns `None`, there is a fault.
    pub(super) fn read<E: Fn(&str) -> Option<String>>(
        env: &mut Reader<E>,
        environment: TelegramEnvironment,
    ) -> Option<Self> {
        let application = application(env, environment);
        let library = env.text("TDLIB_LIBRARY").unwrap_or_else(|| default_library().into()).into();
        let library_sha512 = env.read("TDLIB_SHA512", sha512);
        let proxy = env.read("TELEGRAM_PROXY", Proxy::parse);
        let hosts = env.number("TD_HOSTS", 1..=64).unwrap_or(1);
        let host_memory_mb = env.number("TD_HOST_MEMORY_MB", 0..=1_000_000).unwrap_or(0);
        let probe_seconds = env.number("SESSION_PROBE_SECONDS", 0..=86_400).unwrap_or(600);
        let (api_id, api_hash) = application?;
        Some(Self {
            environment,
            api_id,
            api_hash,
            library,
            library_sha512,
            proxy,
            hosts,
            host_memory_mb,
            probe_seconds,
        })
    }
}

/// API_ID and API_HASH. The test environment accepts any, so they are optional there.
fn application<E: Fn(&str) -> Option<String>>(
    env: &mut Reader<E>,
    telegram: TelegramEnvironment,
) -> Option<(i32, Secret)> {
    let given = env.text("API_ID").is_some();
    let id = env.number("API_ID", 1..=i32::MAX);
    let hash = env.text("API_HASH").map(Secret::new);
    match telegram {
        TelegramEnvironment::Test => {
            Some((if given { id? } else { 12345 }, hash.unwrap_or_else(|| Secret::new("sandbox"))))
        }
        TelegramEnvironment::Production => {
            for (name, missing) in [("API_ID", !given), ("API_HASH", hash.is_none())] {
                if missing {
                    env.fault(format!(
                        "{name} is missing; my.telegram.org gives it to you under API development tools."
                    ));
                }
            }
            Some((id?, hash?))
        }
    }
}

fn sha512(text: &str) -> Result<String, String> {
    if text.len() == 128 && text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Ok(text.to_ascii_lowercase());
    }
    Err("must be 128 hexadecimal digits, as sha512sum prints them.".into())
}

/// Where `make natives` puts the library on this platform.
const fn default_library() -> &'static str {
    if cfg!(windows) {
        "natives/windows/tdjson.dll"
    } else if cfg!(target_os = "macos") {
        "natives/darwin/lib/libtdjson.dylib"
    } else {
        "natives/linux/lib/libtdjson.so"
    }
}
