//! Keeping the server and the command running together, and stopping them in order.

use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::process::{ExitCode, ExitStatus, Stdio};
use std::time::Duration;

use command_fds::{CommandFdExt, FdMapping};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::process::{Child, ChildStdin, Command};
use tokio::signal::unix::{SignalKind, signal};

/// The first inherited descriptor, by the convention of LISTEN_FDS.
const FIRST_FD: i32 = 3;
/// How long the command may take to end.
const COMMAND_TIME: Duration = Duration::from_secs(20);
/// How long the server may take to end.
const SERVER_TIME: Duration = Duration::from_secs(5);
/// The pause before the server is started again.
const RESTART_PAUSE: Duration = Duration::from_millis(200);

/// Everything a command needs to know of the sandbox it runs in.
pub struct Surroundings {
    /// The sandbox's data.
    pub data: PathBuf,
    /// The patched library.
    pub library: PathBuf,
    /// Our public key, PEM.
    pub public_key: PathBuf,
    /// The page that the command may serve: reachable from outside.
    pub page: TcpListener,
    /// The page that shows the phones: reachable from outside.
    pub phones: TcpListener,
    /// SOCKS5, inside.
    pub socks: TcpListener,
    /// MTProto without SOCKS, inside.
    pub mtproto: TcpListener,
}

/// Runs the server and `command` until the command ends or somebody says stop.
pub async fn run(surroundings: &Surroundings, command: &[String]) -> std::io::Result<ExitCode> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let (mut server, mut lifeline) = start_server(surroundings)?;
    let mut child = start_command(surroundings, command)?;
    let status = loop {
        tokio::select! {
            status = child.wait() => break status?,
            status = server.wait() => {
                eprintln!("sandbox: the server ended ({}) and is started again", status?);
                tokio::time::sleep(RESTART_PAUSE).await;
                (server, lifeline) = start_server(surroundings)?;
            }
            _ = terminate.recv() => break stop(&mut child, COMMAND_TIME).await?,
            _ = interrupt.recv() => break stop(&mut child, COMMAND_TIME).await?,
        }
    };
    stop(&mut server, SERVER_TIME).await?;
    drop(lifeline);
    Ok(exit_code(status))
}

/// Starts the server, with the pipe that ends it when it closes, however this process ends.
/// The pipe is taken out of the child because waiting for a child closes its stdin.
fn start_server(surroundings: &Surroundings) -> std::io::Result<(Child, Option<ChildStdin>)> {
    let mut command = std::process::Command::new(std::env::current_exe()?);
    // A group of its own: Ctrl-C must not end it before the command. It ends when its stdin does.
    command.arg("serve").arg("--data").arg(&surroundings.data).stdin(Stdio::piped());
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    hand_over(&mut command, &[&surroundings.phones, &surroundings.socks, &surroundings.mtproto])?;
    let mut server = Command::from(command).kill_on_drop(true).spawn()?;
    let lifeline = server.stdin.take();
    Ok((server, lifeline))
}

fn start_command(surroundings: &Surroundings, line: &[String]) -> std::io::Result<Child> {
    let (program, arguments) =
        line.split_first().ok_or_else(|| std::io::Error::other("there is no command to run"))?;
    let page = surroundings.page.local_addr()?;
    let mut command = std::process::Command::new(program);
    command
        .args(arguments)
        .env("TELEGRAM_ENVIRONMENT", "test")
        .env("TDLIB_LIBRARY", absolute(&surroundings.library)?)
        .env("TELEGRAM_PROXY", format!("socks5://{}", surroundings.socks.local_addr()?))
        .env("SANDBOX_MTPROTO", surroundings.mtproto.local_addr()?.to_string())
        .env("SANDBOX_PUBLIC_KEY", absolute(&surroundings.public_key)?)
        .env("HOST", page.ip().to_string())
        .env("PORT", page.port().to_string());
    hand_over(&mut command, &[&surroundings.page])?;
    Command::from(command).kill_on_drop(true).spawn().map_err(|error| {
        std::io::Error::new(error.kind(), format!("{program} could not be started: {error}"))
    })
}

/// Passes listeners as descriptors 3, 4, … and says how many.
fn hand_over(command: &mut std::process::Command, listeners: &[&TcpListener]) -> std::io::Result<()> {
    let mut mappings = Vec::new();
    for (child_fd, listener) in (FIRST_FD..).zip(listeners) {
        mappings.push(FdMapping { parent_fd: OwnedFd::from(listener.try_clone()?), child_fd });
    }
    command.env("LISTEN_FDS", listeners.len().to_string()).env_remove("LISTEN_PID");
    command.fd_mappings(mappings).map_err(std::io::Error::other)?;
    Ok(())
}

fn absolute(path: &Path) -> std::io::Result<PathBuf> {
    std::path::absolute(path)
}

/// Asks a child to end, and kills it if it does not.
async fn stop(child: &mut Child, time: Duration) -> std::io::Result<ExitStatus> {
    if let Some(id) = child.id().and_then(|id| i32::try_from(id).ok()) {
        let _ = kill(Pid::from_raw(id), Signal::SIGTERM);
    }
    match tokio::time::timeout(time, child.wait()).await {
        Ok(status) => status,
        Err(_) => {
            child.kill().await?;
            child.wait().await
        }
    }
}

fn exit_code(status: ExitStatus) -> ExitCode {
    use std::os::unix::process::ExitStatusExt;
    let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(1);
    ExitCode::from(u8::try_from(code).unwrap_or(1))
}
