//! Ways to stop a stack, and to kill parts of it.

use std::process::ExitStatus;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::{STOP_TIME, Stack};
use crate::support::processes::{self, Process};
use crate::support::waiting::until;

impl Stack {
    /// Stops everything in order, as `systemctl stop` would.
    pub async fn stop(&mut self) -> ExitStatus {
        let parts = self.parts();
        processes::signal(self.launcher_pid(), Signal::TERM);
        self.until_gone(parts).await
    }

    /// Stops everything as Ctrl-C in a terminal does: every process of the group gets the signal at once.
    pub async fn interrupt(&mut self) -> ExitStatus {
        let parts = self.parts();
        processes::signal_group(self.launcher_pid(), Signal::INT);
        self.until_gone(parts).await
    }

    /// Waits until the launcher and everything it started have ended.
    async fn until_gone(&mut self, parts: Vec<Process>) -> ExitStatus {
        let launcher = &mut self.launcher;
        let status = until("the launcher ends", STOP_TIME, async || launcher.try_wait().unwrap()).await;
        for part in parts {
            until(&format!("{part:?} ends too"), STOP_TIME, async || {
                (!processes::alive(part.pid)).then_some(())
            })
            .await;
        }
        status
    }

    /// Waits until Telescope exits on its own, and all other processes with it.
    pub async fn until_ended(&mut self) -> ExitStatus {
        let parts = self.parts();
        self.until_gone(parts).await
    }

    /// Kills Telescope itself, as the OOM killer would, and waits until the whole stack has ended.
    pub async fn kill_telescope(&mut self) {
        let parts = self.parts();
        processes::kill_hard(self.telescope_pid());
        self.until_gone(parts).await;
    }

    /// Sends SIGTERM to Telescope only, and waits until the whole stack has ended.
    pub async fn terminate_telescope(&mut self) {
        let parts = self.parts();
        processes::signal(self.telescope_pid(), Signal::TERM);
        self.until_gone(parts).await;
    }

    /// Kills everything at once, as a power failure would.
    pub fn kill_all(&mut self) {
        let parts = self.parts();
        processes::kill_hard(self.launcher_pid());
        parts.iter().for_each(|part| processes::kill_hard(part.pid));
        let _ = self.launcher.wait();
        // A killed process keeps its ports until the kernel has ended it.
        let end = Instant::now() + STOP_TIME;
        while parts.iter().any(|part| processes::alive(part.pid)) && Instant::now() < end {
            #[expect(
                clippy::disallowed_methods,
                reason = "a drop can't await, and waits for processes that are dead"
            )]
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}
