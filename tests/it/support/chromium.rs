//! Starts Chromium through chromedriver, and makes sure that no process is left over.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::json;
use thirtyfour::prelude::*;
use thirtyfour::{ChromeCapabilities, ChromiumLikeCapabilities, LoggingPrefsLogLevel};

use super::processes;

/// The running chromedriver; when it ends, its browser ends.
pub struct Chromedriver {
    child: Child,
    /// Where it listens.
    pub port: u16,
}

impl Chromedriver {
    /// Starts it. The port that it chooses may be taken on one of its two addresses; then it exits, and another attempt
    /// chooses another port.
    pub fn start() -> Self {
        (0..5).find_map(|_| Self::try_start()).expect("chromedriver says its port")
    }

    /// Starts it on a port of its choice, and reads the port; None if it exits without one.
    fn try_start() -> Option<Self> {
        let mut child = Command::new("chromedriver")
            .arg("--port=0")
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver starts; `make test` installs it");
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let port = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| line.split_once("successfully on port ")?.1.trim_end_matches('.').parse().ok());
        // Its output is read to the end; otherwise it would block once the pipe is full.
        std::thread::spawn(move || lines.for_each(drop));
        let Some(port) = port else {
            let _ = child.kill();
            let _ = child.wait();
            return None;
        };
        Some(Self { child, port })
    }
}

impl Drop for Chromedriver {
    fn drop(&mut self) {
        let parts = processes::descendants(i32::try_from(self.child.id()).unwrap());
        let _ = self.child.kill();
        let _ = self.child.wait();
        parts.iter().for_each(|part| processes::kill_hard(part.pid));
    }
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
    wanted.add_arg(&format!("--user-data-dir={}", profile.display())).unwrap();
    let javascript = if javascript { 1 } else { 2 };
    let preferences = json!({ "profile.managed_default_content_settings.javascript": javascript });
    wanted.add_experimental_option("prefs", preferences).unwrap();
    wanted.set_browser_log_level(LoggingPrefsLogLevel::All).unwrap();
    wanted
}
