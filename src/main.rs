//! The program: `telescope serve` and, for itself only, `telescope td-host`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use telescope::config::Config;
use telescope::{app, process, telegram};

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
    /// Run TDLib for a parent process; not for people.
    #[command(hide = true)]
    TdHost {
        /// The TDLib library.
        library: PathBuf,
    },
}

fn main() -> ExitCode {
    process::harden();
    match Arguments::parse().command.unwrap_or(Command::Serve) {
        Command::Serve => serve(),
        Command::TdHost { library } => telegram::host::run(&library),
    }
}

fn serve() -> ExitCode {
    let config = match Config::load() {
        Ok(config) => config,
        Err(faults) => {
            eprintln!("{faults}");
            return ExitCode::from(2);
        }
    };
    process::start_log(&config.log);
    for note in &config.notes {
        tracing::warn!("{note}");
    }
    let served = tokio::runtime::Runtime::new()
        .map_err(anyhow::Error::from)
        .and_then(|runtime| runtime.block_on(app::serve(config)));
    match served {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("Telescope can't run: {error:#}");
            ExitCode::FAILURE
        }
    }
}
