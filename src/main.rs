//! The program: `telescope serve`, `telescope admin …`, `telescope access …`, `telescope audit …`, `telescope migrate`
//! and, for itself only, `telescope td-host`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use telescope::config::Config;
use telescope::{cli, node, process, serve, telegram};

/// Keeps an organisation's Telegram accounts. Settings come from the environment and from .env; see .env.sample.
#[derive(Parser)]
#[command(version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the pages and keep the accounts (the default).
    Serve,
    /// Say who is an administrator; this is how the first one comes to be.
    #[command(subcommand)]
    Admin(cli::admin::Admin),
    /// Explain, export and import who may do what.
    #[command(subcommand)]
    Access(cli::access::Access),
    /// Verify the audit trail, or take the details of old entries out of it.
    #[command(subcommand)]
    Audit(cli::audit::Audit),
    /// Make the database's tables, or bring them up to date, where the server's own role may not.
    Migrate,
    /// Run TDLib for a parent process; not for people.
    #[command(hide = true)]
    TdHost { library: PathBuf },
}

fn main() -> ExitCode {
    process::harden();
    match Arguments::parse().command.unwrap_or(Command::Serve) {
        Command::Serve => run("Telescope can't run", serve::serve),
        Command::Admin(asked) => {
            run("Not done", |config| node::command::run(config, node::command::Request::Admin(asked)))
        }
        Command::Access(asked) => run("Not done", |config| cli::access::run(config, asked)),
        Command::Audit(asked) => run("Wrong", |config| cli::audit::run(config, asked)),
        Command::Migrate => run("Not done", cli::migrate::run),
        Command::TdHost { library } => telegram::host::run(&library),
    }
}

fn run<W: Future<Output = anyhow::Result<()>>>(failed: &str, work: impl FnOnce(Config) -> W) -> ExitCode {
    let config = match Config::load() {
        Ok(config) => config,
        Err(faults) => return end(2, format_args!("{faults}")),
    };
    process::start_log(&config.log);
    config.notes.iter().for_each(|note| tracing::warn!("{note}"));
    let runtime = tokio::runtime::Runtime::new().map_err(anyhow::Error::from);
    match runtime.and_then(|runtime| runtime.block_on(work(config))) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => end(1, format_args!("{failed}: {error:#}")),
    }
}

fn end(status: u8, words: std::fmt::Arguments<'_>) -> ExitCode {
    eprintln!("{words}");
    ExitCode::from(status)
}
