//! Chromium: how its driver is started, and what it may do.

use std::path::Path;
use std::process::Command;

use serde_json::json;
use thirtyfour::prelude::*;
use thirtyfour::{ChromeCapabilities, ChromiumLikeCapabilities, LoggingPrefsLogLevel};

/// The file in a profile with what the camera sees, if there is a camera.
pub const CAMERA: &str = "camera.y4m";

/// The command that starts its driver.
pub fn driver() -> Command {
    let mut command = Command::new("chromedriver");
    command.arg("--port=0");
    command
}

/// Headless, with this profile, with or without JavaScript.
pub fn capabilities(javascript: bool, profile: &Path) -> ChromeCapabilities {
    let mut wanted = DesiredCapabilities::chrome();
    for argument in [
        "--headless=new",
        "--disable-gpu",
        "--disable-quic",
        "--disable-dev-shm-usage",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        // Only this machine: no other name resolves.
        "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE 127.0.0.2",
    ] {
        wanted.add_arg(argument).unwrap();
    }
    if rustix::process::geteuid().is_root() {
        wanted.add_arg("--no-sandbox").unwrap();
    }
    let camera = profile.join(CAMERA);
    if camera.exists() {
        wanted.add_arg("--use-fake-ui-for-media-stream").unwrap();
        wanted.add_arg("--use-fake-device-for-media-stream").unwrap();
        wanted.add_arg(&format!("--use-file-for-fake-video-capture={}", camera.display())).unwrap();
    }
    wanted.add_arg(&format!("--user-data-dir={}", profile.display())).unwrap();
    let javascript = if javascript { 1 } else { 2 };
    let preferences = json!({ "profile.managed_default_content_settings.javascript": javascript });
    wanted.add_experimental_option("prefs", preferences).unwrap();
    wanted.set_browser_log_level(LoggingPrefsLogLevel::All).unwrap();
    wanted
}
