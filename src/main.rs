//! The program: `telescope serve`, `telescope admin …`, `telescope access …`, `telescope audit …`, `telescope migrate`,
//! `telescope health` and, for itself only, `telescope td-host`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use telescope::config::Config;
use telescope::{cli, process, serve, telegram};

/// Keeps an organisation's Telegram accounts. Settings come from the environment and from .env; see .env.sample.
#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Run the server (the default).
    Serve,
    /// Grant and revoke administrator rights; the way to the first administrator.
    #[command(subcommand)]
    Admin(cli::admin::Admin),
    /// Explain, export and import access rules.
    #[command(subcommand)]
    Access(cli::access::Access),
    /// Verify the audit log, or remove the details of old entries.
    #[command(subcommand)]
    Audit(cli::audit::Audit),
    /// Create or update the database's tables, where the server's own role may not.
    Migrate,
    /// Ask the server on this machine whether it works, for container health checks.
    Health {
        /// Ask whether it serves people, too: a standby works and doesn't.
        #[arg(long)]
        ready: bool,
    },
    /// Run TDLib for a parent process; not for people.
    #[command(hide = true)]
    TdHost { library: PathBuf },
}

const COMMAND_FAILED: &str = "command failed";

fn main() -> ExitCode {
    process::harden();
    match Arguments::parse().command.unwrap_or(Command::Serve) {
        Command::Serve => run("telescope: cannot start", serve::serve),
        Command::Admin(command) => run(COMMAND_FAILED, |config| cli::admin::run(config, command)),
        Command::Access(command) => run(COMMAND_FAILED, |config| cli::access::run(config, command)),
        Command::Audit(command @ cli::audit::Audit::Verify { .. }) => {
            run("audit verification failed", |config| cli::audit::run(config, command))
        }
        Command::Audit(command) => run(COMMAND_FAILED, |config| cli::audit::run(config, command)),
        Command::Migrate => run(COMMAND_FAILED, cli::migrate::run),
        Command::Health { ready } => start("not healthy", |config| cli::health::run(config, ready)),
        Command::TdHost { library } => telegram::host::run(&library),
    }
}

/// Runs what uses Telescope's files.
fn run<W: Future<Output = anyhow::Result<()>>>(failed: &str, work: impl FnOnce(Config) -> W) -> ExitCode {
    start(failed, |config| async move {
        config.storage.folders().check_owner().map_err(anyhow::Error::msg)?;
        work(config).await
    })
}

fn start<W: Future<Output = anyhow::Result<()>>>(failed: &str, work: impl FnOnce(Config) -> W) -> ExitCode {
    let config = match Config::load() {
        Ok(config) => config,
        Err(faults) => return end(2, format_args!("{faults}")),
    };
    process::start_log(&config.log);
    let runtime = tokio::runtime::Runtime::new().map_err(anyhow::Error::from);
    match runtime.and_then(|runtime| runtime.block_on(work(config))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => end(1, format_args!("{failed}: {error:#}")),
    }
}

fn end(status: u8, message: std::fmt::Arguments<'_>) -> ExitCode {
    eprintln!("{message}");
    ExitCode::from(status)
}
