//! The two children: the server and the program, each with the sockets and settings it needs.

use std::ffi::OsString;
use std::io::{self, IsTerminal as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};

use command_fds::{CommandFdExt as _, FdMapping};
use tokio::process::{Child, ChildStdin};

use super::Prepared;

/// The first descriptor of LISTEN_FDS, by convention.
const FIRST_DESCRIPTOR: i32 = 3;

/// Passes listeners to a child. They stay open here for the next child.
fn pass_listeners(command: &mut Command, listeners: &[&TcpListener]) -> io::Result<()> {
    let mut mappings = Vec::new();
    for (child_fd, listener) in (FIRST_DESCRIPTOR..).zip(listeners) {
        let parent_fd = OwnedFd::from(listener.try_clone()?);
        mappings.push(FdMapping { parent_fd, child_fd });
    }
    command.env("LISTEN_FDS", listeners.len().to_string()).env_remove("LISTEN_PID");
    command.fd_mappings(mappings).map_err(io::Error::other)?;
    Ok(())
}

/// Starts the server. It exits when its standard input closes, so it ends with this process. It has its own process
/// group: Ctrl-C goes to the program, and the server stops after it. The caller has to keep the pipe, because waiting for a
/// child would close it.
pub(super) fn server(prepared: &Prepared) -> io::Result<(Child, Option<ChildStdin>)> {
    use std::os::unix::process::CommandExt as _;
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["serve", "--handed-over", "--data"]).arg(&prepared.data);
    if let Some(seconds) = prepared.temporary_keys {
        command.args(["--temporary-keys", &seconds.to_string()]);
    }
    command.stdin(Stdio::piped()).stdout(Stdio::null()).process_group(0);
    pass_listeners(&mut command, &[&prepared.socks, &prepared.mtproto, &prepared.phones])?;
    let mut child = tokio::process::Command::from(command).kill_on_drop(true).spawn()?;
    let pipe = child.stdin.take();
    Ok((child, pipe))
}

/// An address to connect to.
fn reachable(mut address: SocketAddr) -> SocketAddr {
    if address.ip().is_unspecified() {
        address.set_ip(Ipv4Addr::LOCALHOST.into());
    }
    address
}

/// Starts the program. Without a terminal it gets its own process group, so that all of it can be stopped; with a terminal
/// it stays in this process group, to be able to read from it.
pub(super) fn program(prepared: &Prepared, words: &[OsString]) -> io::Result<Child> {
    use std::os::unix::process::CommandExt as _;
    let (name, arguments) = words.split_first().ok_or(io::ErrorKind::InvalidInput)?;
    let mut command = Command::new(name);
    command
        .args(arguments)
        .env("TELEGRAM_ENVIRONMENT", "test")
        .env("TDLIB_LIBRARY", &prepared.library)
        .env("TELEGRAM_PROXY", format!("socks5://{}", prepared.socks.local_addr()?))
        .env("SANDBOX_MTPROTO", reachable(prepared.mtproto.local_addr()?).to_string())
        .env("SANDBOX_PUBLIC_KEY", &prepared.public_key);
    if let Some(page) = &prepared.page {
        let address = page.local_addr()?;
        command.env("HOST", address.ip().to_string()).env("PORT", address.port().to_string());
        pass_listeners(&mut command, &[page])?;
    } else {
        command.env_remove("LISTEN_FDS");
    }
    if !io::stdin().is_terminal() {
        command.process_group(0);
    }
    tokio::process::Command::from(command).kill_on_drop(true).spawn()
}
