//! Supervises the two child processes: the server is restarted whenever it exits, and everything ends with the program.

use std::ffi::OsString;
use std::io;
use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::process::{Child, ChildStdin};
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{Instant, sleep, timeout};

use super::{LaunchError, Prepared, command, local};
use crate::storage;

/// The file with all addresses, for tests and people.
const ADDRESSES: &str = "run.json";
/// How long the program and the server may take to stop.
const PROGRAM_STOP_TIMEOUT: Duration = Duration::from_secs(30);
const SERVER_STOP_TIMEOUT: Duration = Duration::from_secs(5);
/// A server that exits sooner than this, so many times in a row, is not restarted. A killed one always is.
const EARLY_EXIT: Duration = Duration::from_secs(2);
const MAX_EARLY_EXITS: u32 = 5;

fn system(what: &'static str) -> impl Fn(io::Error) -> LaunchError {
    move |error| LaunchError::System(what, error)
}

/// Runs both children until the program exits; returns its exit status.
pub(super) async fn supervise(prepared: &Prepared, words: &[OsString]) -> Result<u8, LaunchError> {
    let mut interrupt = signal(SignalKind::interrupt()).map_err(system("cannot handle signals"))?;
    let mut terminate = signal(SignalKind::terminate()).map_err(system("cannot handle signals"))?;
    let (mut server, mut _pipe) = start_server(prepared)?;
    let mut program = command::program(prepared, words).map_err(system("cannot start the program"))?;
    let (mut started, mut early_exits) = (Instant::now(), 0);
    let status = loop {
        tokio::select! {
            status = program.wait() => break status.map_err(system("cannot wait for the program"))?,
            _ = interrupt.recv() => break stop_program(&mut program).await?,
            _ = terminate.recv() => break stop_program(&mut program).await?,
            status = server.wait() => {
                tracing::warn!(?status, "the server exited; restarting it");
                let exited = status.is_ok_and(|status| status.code().is_some());
                early_exits = if exited && started.elapsed() < EARLY_EXIT { early_exits + 1 } else { 0 };
                if early_exits >= MAX_EARLY_EXITS {
                    stop_program(&mut program).await?;
                    return Err(LaunchError::ServerExits);
                }
                sleep(Duration::from_millis(100) * early_exits).await;
                (server, _pipe) = start_server(prepared)?;
                started = Instant::now();
            }
        }
    };
    stop(&mut server, SERVER_STOP_TIMEOUT).await.map_err(system("cannot wait for the server"))?;
    Ok(exit_code(status))
}

fn start_server(prepared: &Prepared) -> Result<(Child, Option<ChildStdin>), LaunchError> {
    let (server, pipe) = command::server(prepared).map_err(system("cannot start the server"))?;
    let addresses = serde_json::json!({
        "phones": local(&prepared.phones)?,
        "page": prepared.page.as_ref().map(local).transpose()?,
        "socks": local(&prepared.socks)?,
        "mtproto": local(&prepared.mtproto)?,
        "library": prepared.library,
        "public_key": prepared.public_key,
        "server_pid": server.id(),
    });
    storage::replace(&prepared.data.join(ADDRESSES), format!("{addresses:#}\n").as_bytes())?;
    Ok((server, pipe))
}

async fn stop_program(program: &mut Child) -> Result<ExitStatus, LaunchError> {
    stop(program, PROGRAM_STOP_TIMEOUT).await.map_err(system("cannot wait for the program"))
}

/// Terminates a child, and kills it after the timeout.
async fn stop(child: &mut Child, limit: Duration) -> io::Result<ExitStatus> {
    if let Some(pid) = child.id().and_then(|pid| i32::try_from(pid).ok()) {
        // A child that has exited already has its status waiting.
        let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
    }
    match timeout(limit, child.wait()).await {
        Ok(status) => status,
        Err(_) => {
            tracing::warn!("a child process did not stop in time and is killed");
            child.kill().await?;
            child.wait().await
        }
    }
}

/// The exit status as shells report it: 128 plus the signal if there was one.
fn exit_code(status: ExitStatus) -> u8 {
    let code = status.code().or(status.signal().map(|signal| 128 + signal));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
}
