//! Watches over the two children: the server is started again whenever it dies, and everything ends with the
//! program.

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
use crate::disk;

/// The file that tells tests and people where everything is.
const ADDRESSES: &str = "run.json";
/// How long the program and the server may take to stop.
const PROGRAM_STOPS: Duration = Duration::from_secs(30);
const SERVER_STOPS: Duration = Duration::from_secs(5);
/// A server that gives up younger than this, so many times in a row, is not started again. One that is killed
/// always is.
const YOUNG: Duration = Duration::from_secs(2);
const ATTEMPTS: u32 = 5;

fn system(what: &'static str) -> impl Fn(io::Error) -> LaunchError {
    move |error| LaunchError::System(what, error)
}

/// Runs both children until the program ends; gives its exit status.
pub(super) async fn supervise(prepared: &Prepared, words: &[OsString]) -> Result<u8, LaunchError> {
    let mut interrupt = signal(SignalKind::interrupt()).map_err(system("no signals"))?;
    let mut terminate = signal(SignalKind::terminate()).map_err(system("no signals"))?;
    let (mut server, mut _pipe) = start_server(prepared)?;
    let mut program = command::program(prepared, words).map_err(system("the program did not start"))?;
    let (mut born, mut deaths) = (Instant::now(), 0);
    let status = loop {
        tokio::select! {
            status = program.wait() => break status.map_err(system("the program was lost"))?,
            _ = interrupt.recv() => break stop_program(&mut program).await?,
            _ = terminate.recv() => break stop_program(&mut program).await?,
            died = server.wait() => {
                tracing::warn!(?died, "the server died; starting it again");
                let gave_up = died.is_ok_and(|status| status.code().is_some());
                deaths = if gave_up && born.elapsed() < YOUNG { deaths + 1 } else { 0 };
                if deaths >= ATTEMPTS {
                    stop_program(&mut program).await?;
                    return Err(LaunchError::ServerGivesUp);
                }
                sleep(Duration::from_millis(100) * deaths).await;
                (server, _pipe) = start_server(prepared)?;
                born = Instant::now();
            }
        }
    };
    stop(&mut server, SERVER_STOPS).await.map_err(system("the server was lost"))?;
    Ok(exit_code(status))
}

fn start_server(prepared: &Prepared) -> Result<(Child, Option<ChildStdin>), LaunchError> {
    let (server, pipe) = command::server(prepared).map_err(system("the server did not start"))?;
    let addresses = serde_json::json!({
        "phones": local(&prepared.phones)?,
        "page": prepared.page.as_ref().map(local).transpose()?,
        "socks": local(&prepared.socks)?,
        "mtproto": local(&prepared.mtproto)?,
        "library": prepared.library,
        "public_key": prepared.public_key,
        "server_pid": server.id(),
    });
    disk::replace(&prepared.data.join(ADDRESSES), format!("{addresses:#}\n").as_bytes())?;
    Ok((server, pipe))
}

async fn stop_program(program: &mut Child) -> Result<ExitStatus, LaunchError> {
    stop(program, PROGRAM_STOPS).await.map_err(system("the program was lost"))
}

/// Asks a child to stop, and makes it after a while.
async fn stop(child: &mut Child, patience: Duration) -> io::Result<ExitStatus> {
    if let Some(pid) = child.id().and_then(|pid| i32::try_from(pid).ok()) {
        // A child that is gone already has its status waiting.
        let _ = kill(Pid::from_raw(pid), Signal::SIGTERM);
    }
    match timeout(patience, child.wait()).await {
        Ok(status) => status,
        Err(_) => {
            tracing::warn!("a child did not stop in time and is killed");
            child.kill().await?;
            child.wait().await
        }
    }
}

/// The exit status as shells have it: 128 and the signal if there was one.
fn exit_code(status: ExitStatus) -> u8 {
    let code = status.code().or(status.signal().map(|signal| 128 + signal));
    code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1)
}
