//! One td-host child: started, fed, listened to, and started again with a growing pause when it dies.

use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rustix::process::Signal;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command};
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use super::frame::{Frame, peek};
use super::routes::Routes;
use crate::domain::backoff::Backoff;
use crate::telegram::memory_limit::MemoryLimit;

/// Requests that may wait for the pipe; more are refused at once.
const QUEUE: usize = 4096;
/// The first pause before a restart; doubled each time up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// A host that lived that long starts again with the first pause.
const HEALTHY: Duration = Duration::from_secs(30);
/// How often a host hears from us, whatever else it hears. It ends when it hears nothing for some time.
const HEARTBEAT: Duration = Duration::from_secs(5);
/// How long a host may take to end once its stdin is closed.
const ENDING_TIME: Duration = Duration::from_secs(6);

/// How the lines of TDLib's own log begin that it survives; level 0 it does not.
const NOT_FATAL: &str = "td-host: tdlib[1]";

/// A running td-host, for those who talk to it.
#[derive(Clone, Debug)]
pub(super) struct HostHandle {
    /// Differs from that of every other process of this slot.
    pub generation: u64,
    /// The newest generation of this slot that ended by a fault of its own; 0 if none did.
    pub crashed: u64,
    /// Frames to the host's stdin.
    pub frames: mpsc::Sender<Frame>,
}

/// What a slot's host is started with.
pub(super) struct HostConfig {
    pub program: PathBuf,
    pub library: PathBuf,
    /// Its number, for the log.
    pub number: usize,
    /// Bytes of memory at which it is restarted.
    pub memory_limit: Option<u64>,
}

/// Keeps one td-host running until `stop` says so. `link` shows the present one.
pub(super) async fn supervise(
    slot: HostConfig,
    routes: Arc<Routes>,
    link: watch::Sender<Option<HostHandle>>,
    mut stop: watch::Receiver<bool>,
) {
    let mut backoff = Backoff::new(FIRST_PAUSE, LONGEST_PAUSE);
    let (mut generation, mut crashed) = (0, 0);
    let mut memory = MemoryLimit::new(slot.memory_limit);
    let number = slot.number;
    while !*stop.borrow() {
        generation += 1;
        let started = Instant::now();
        match spawn(&slot.program, &slot.library) {
            Ok((mut child, stdin, stdout)) => {
                tracing::info!(slot = number, pid = child.id(), "td-host started");
                let complaints =
                    child.stderr.take().map(|stderr| tokio::spawn(log_complaints(number, stderr)));
                let (frames, queue) = mpsc::channel(QUEUE);
                let traffic = AtomicU64::new(0);
                link.send_replace(Some(HostHandle { generation, crashed, frames }));
                let expected = tokio::select! {
                    () = listen(stdout, &routes, &traffic) => false,
                    _ = stop.wait_for(|stop| *stop) => true,
                    () = feed(stdin, queue, &traffic) => false,
                    bytes = memory.reached(child.id(), &traffic) => {
                        tracing::info!(slot = number, bytes, "td-host is over its memory limit; restarting it");
                        true
                    }
                };
                link.send_replace(None);
                routes.host_is_gone(number);
                // Both ends of its pipes are closed now, so the host exits.
                if end(child, number, expected).await {
                    crashed = generation;
                }
                if let Some(complaints) = complaints {
                    let _ = complaints.await;
                }
            }
            Err(error) => tracing::error!(slot = number, %error, "td-host can't be started"),
        }
        if started.elapsed() > HEALTHY {
            backoff.reset();
        }
        tokio::select! {
            () = tokio::time::sleep(backoff.fail()) => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
    }
}

fn spawn(program: &PathBuf, library: &PathBuf) -> std::io::Result<(Child, ChildStdin, ChildStdout)> {
    let mut child = Command::new(program)
        // What process lists show.
        .arg0("telescope")
        .arg("td-host")
        .arg(library)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        // A group of its own: Ctrl-C in a terminal reaches Telescope, which then closes the clients in order.
        .process_group(0)
        .spawn()?;
    let pipes = child.stdin.take().zip(child.stdout.take());
    let (stdin, stdout) = pipes.ok_or_else(|| std::io::Error::other("td-host has no pipes"))?;
    Ok((child, stdin, stdout))
}

/// Writes what is queued, and heartbeats; whatever waits goes out together.
async fn feed(mut stdin: ChildStdin, mut queue: mpsc::Receiver<Frame>, traffic: &AtomicU64) {
    let mut batch = Vec::new();
    let mut beats = tokio::time::interval(HEARTBEAT);
    beats.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            taken = queue.recv_many(&mut batch, 256) => match taken {
                0 => return,
                _ => drop(traffic.fetch_add(1, Ordering::Relaxed)),
            },
            _ = beats.tick() => batch.push(Frame::heartbeat()),
        }
        let bytes: Vec<u8> = batch.drain(..).flat_map(|frame| frame.encode()).collect();
        if stdin.write_all(&bytes).await.is_err() {
            return;
        }
    }
}

/// Routes what the host says until its stdout ends.
async fn listen(stdout: ChildStdout, routes: &Routes, traffic: &AtomicU64) {
    let mut stdout = BufReader::with_capacity(256 * 1024, stdout);
    loop {
        let frame = Frame::read_async(&mut stdout).await;
        traffic.fetch_add(1, Ordering::Relaxed);
        match frame {
            Ok(Some(frame)) if peek(&frame.json).is_answer => tdjson::transport::answer(&frame.json),
            Ok(Some(frame)) => routes.update(frame),
            Ok(None) => return,
            Err(error) => {
                tracing::error!(%error, "td-host sent what is no frame");
                return;
            }
        }
    }
}

/// What a host says on stderr, in our log. TDLib calls much an error that is none for us, so only what the host
/// says itself and what kills it is loud.
async fn log_complaints(slot: usize, stderr: ChildStderr) {
    let mut lines = BufReader::new(stderr).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        if line.starts_with(NOT_FATAL) {
            tracing::debug!(slot, "{line}");
        } else {
            tracing::error!(slot, "{line}");
        }
    }
}

/// Waits for a host to exit, or kills it. True if the host crashed: a kill from outside, by an operator or by the
/// kernel's OOM killer, does not count against the account that was being loaded.
async fn end(mut child: Child, slot: usize, expected: bool) -> bool {
    match tokio::time::timeout(ENDING_TIME, child.wait()).await {
        Ok(Ok(status)) if expected => {
            tracing::info!(slot, %status, "td-host ended");
            false
        }
        Ok(Ok(status)) => {
            tracing::warn!(slot, %status, "td-host died; its accounts reconnect");
            let from_outside = [Signal::KILL, Signal::TERM, Signal::INT].map(|signal| Some(signal.as_raw()));
            !from_outside.contains(&status.signal()) && !status.success()
        }
        Ok(Err(error)) => {
            tracing::error!(slot, %error, "td-host can't be waited for");
            false
        }
        Err(_) => {
            tracing::warn!(slot, "td-host did not end in time and is killed");
            let _ = child.kill().await;
            false
        }
    }
}
