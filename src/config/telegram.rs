//! The settings for Telegram: the application's credentials, and TDLib itself.

use super::TelegramEnvironment;
use super::reader::Reader;
use crate::domain::Secret;

/// API_ID and API_HASH. The test environment accepts any, so they are optional there.
pub(super) fn application<E: Fn(&str) -> Option<String>>(
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

pub(super) fn sha512(text: &str) -> Result<String, String> {
    if text.len() == 128 && text.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Ok(text.to_ascii_lowercase());
    }
    Err("must be 128 hexadecimal digits, as sha512sum prints them.".into())
}

/// Where `make natives` puts the library on this platform.
pub(super) const fn default_library() -> &'static str {
    if cfg!(windows) {
        "natives/windows/tdjson.dll"
    } else if cfg!(target_os = "macos") {
        "natives/darwin/lib/libtdjson.dylib"
    } else {
        "natives/linux/lib/libtdjson.so"
    }
}
