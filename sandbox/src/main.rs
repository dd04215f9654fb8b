//! `telescope-sandbox`: a local Telegram server, alone or together with a program that uses TDLib.

use std::io::{self, IsTerminal as _};
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use telescope_sandbox::launcher::{self, RunOptions};
use telescope_sandbox::{Options, Sandbox};
use tokio::io::AsyncReadExt as _;
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

#[derive(Parser)]
#[command(version, about = "A local Telegram server for tests, which the stock TDLib signs in to")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server alone
    Serve(ServeOptions),
    /// Run a program against the server, with a patched copy of TDLib and in an empty network
    Run(RunOptions),
    /// Check whether this process can move to an empty network
    #[command(name = launcher::TRY_NETWORK, hide = true)]
    TryNetwork,
}

#[derive(clap::Args)]
struct ServeOptions {
    /// Directory for keys, accounts, sessions and messages
    #[arg(long, default_value = "data/sandbox")]
    data: PathBuf,
    /// Address for clients with a SOCKS5 proxy
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:1080")]
    socks: SocketAddr,
    /// Address for clients without a proxy
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:4430")]
    mtproto: SocketAddr,
    /// Address of the page with the test phones
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:8889")]
    phones: SocketAddr,
    /// Maximum lifetime of temporary keys, in seconds
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(i32).range(1..))]
    temporary_keys: Option<i32>,
    /// Use the three listeners of the launcher, and exit when it does
    #[arg(long, hide = true)]
    handed_over: bool,
}

fn main() -> ExitCode {
    let filter = EnvFilter::try_from_env("SANDBOX_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(io::stderr().is_terminal())
        .with_writer(io::stderr)
        .init();
    let result = match Arguments::parse().command {
        Command::Serve(options) => serve(options).map(|()| 0),
        Command::Run(options) => launcher::run(options).map_err(Into::into),
        Command::TryNetwork => {
            return launcher::try_network().map_or_else(
                |error| {
                    eprintln!("{error}");
                    ExitCode::FAILURE
                },
                |()| ExitCode::SUCCESS,
            );
        }
    };
    match result {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("telescope-sandbox: {error}");
            ExitCode::FAILURE
        }
    }
}

type BoxError = Box<dyn std::error::Error>;

fn serve(options: ServeOptions) -> Result<(), BoxError> {
    let runtime = tokio::runtime::Runtime::new()?;
    let result = runtime.block_on(async {
        let (listeners, handed_over) = (listeners(&options)?, options.handed_over);
        let [socks, mtproto, phones] = listeners;
        let sandbox = Sandbox::start(Options {
            data: Some(options.data),
            socks: Some(socks),
            mtproto: Some(mtproto),
            phones: Some(phones),
            temporary_keys: options.temporary_keys,
            ..Options::default()
        })
        .await?;
        if !handed_over {
            tracing::info!(socks = %sandbox.socks_address(), mtproto = %sandbox.mtproto_address(), "serving");
            if let Some(phones) = sandbox.phones_address() {
                tracing::info!("test phones: http://{phones}");
            }
        }
        wait_for_shutdown(handed_over).await?;
        sandbox.stop().await?;
        Ok(())
    });
    // A read of standard input cannot be cancelled, so the runtime must not wait for it.
    runtime.shutdown_background();
    result
}

fn listeners(options: &ServeOptions) -> Result<[TcpListener; 3], BoxError> {
    if !options.handed_over {
        let bind = |address: SocketAddr| {
            TcpListener::bind(address).map_err(|error| format!("cannot listen on {address}: {error}"))
        };
        return Ok([bind(options.socks)?, bind(options.mtproto)?, bind(options.phones)?]);
    }
    let mut handed = listenfd::ListenFd::from_env();
    let mut take = |at| {
        handed.take_tcp_listener(at)?.ok_or_else(|| io::Error::other("the launcher passed too few listeners"))
    };
    Ok([take(0)?, take(1)?, take(2)?])
}

/// Waits for a signal, or for the end of the launcher's pipe if there is one.
async fn wait_for_shutdown(handed_over: bool) -> io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    let launcher_gone = async {
        if handed_over {
            let _ = tokio::io::stdin().read(&mut [0]).await;
        } else {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        _ = terminate.recv() => {}
        result = tokio::signal::ctrl_c() => result?,
        () = launcher_gone => {}
    }
    Ok(())
}
