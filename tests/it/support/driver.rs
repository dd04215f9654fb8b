//! The program that drives a browser by WebDriver, and the choice of the browser. No process is left over.

use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Stdio};

use thirtyfour::prelude::*;

use super::{chromium, firefox, processes};

/// Which browser shows the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Engine {
    /// The default.
    Chromium,
    /// The main stories run in it, too.
    Firefox,
}

/// The running driver; when it ends, its browser ends.
pub struct Driver {
    child: Child,
    port: u16,
}

impl Driver {
    /// Starts the driver of this browser. The port that it chooses may be taken on one of its two addresses; then it
    /// exits, and another attempt chooses another port.
    pub fn start(engine: Engine, profile: &Path) -> Self {
        (0..5).find_map(|_| Self::try_start(engine, profile)).expect("the driver says its port")
    }

    /// Starts it on a port of its choice, and reads the port; None if it exits without one.
    fn try_start(engine: Engine, profile: &Path) -> Option<Self> {
        let (mut command, before_port) = match engine {
            Engine::Chromium => (chromium::driver(), "successfully on port "),
            Engine::Firefox => (firefox::driver(profile), "Listening on 127.0.0.1:"),
        };
        let mut child = command
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{command:?}: {error}; `make test` installs it"));
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let port = lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| line.split_once(before_port)?.1.trim_end_matches('.').parse().ok());
        // Its output is read to the end; otherwise it would block once the pipe is full.
        std::thread::spawn(move || lines.for_each(drop));
        let Some(port) = port else {
            let _ = child.kill();
            let _ = child.wait();
            return None;
        };
        Some(Self { child, port })
    }

    /// Opens a window, with or without JavaScript.
    pub async fn open(&self, engine: Engine, javascript: bool, profile: &Path) -> WebDriver {
        let server = format!("http://127.0.0.1:{}", self.port);
        let opened = match engine {
            Engine::Chromium => WebDriver::new(server, chromium::capabilities(javascript, profile)).await,
            Engine::Firefox => WebDriver::new(server, firefox::capabilities(javascript)).await,
        };
        opened.unwrap_or_else(|error| panic!("{engine:?} does not start: {error}"))
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let parts = processes::descendants(i32::try_from(self.child.id()).unwrap());
        let _ = self.child.kill();
        let _ = self.child.wait();
        parts.iter().for_each(|part| processes::kill_hard(part.pid));
    }
}
