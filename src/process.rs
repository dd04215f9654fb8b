//! The process itself: what it may do, where its log goes, and how others find it again.

pub mod folders;
mod identity;

pub use identity::Identity;

use rustix::process::{DumpableBehavior, Resource, Rlimit, getrlimit, set_dumpable_behavior, setrlimit};
use tracing_subscriber::EnvFilter;

/// Keeps other processes of the same user from reading this one's memory, where the master key is, and
/// leaves no core dump. Raises the limit of open files as far as it may: TDLib needs 2 to 7 per account.
pub fn harden() {
    if let Err(error) = set_dumpable_behavior(DumpableBehavior::NotDumpable) {
        eprintln!("Telescope could not make itself undumpable: {error}");
    }
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, maximum: limit.maximum };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        eprintln!("Telescope could not raise its limit of open files: {error}");
    }
}

/// Starts the log on stderr. tdlib-rs is silent whatever the filter says: its warnings quote what TDLib sent. So are the
/// warnings of tower-sessions, of which anyone causes one with each cookie that they make up.
pub fn start_log(filter: &str) {
    let silent = "tdlib_rs=off,tower_sessions=error,tower_sessions_core=error";
    let filter = EnvFilter::try_new(format!("{filter},{silent}"))
        .unwrap_or_else(|_| EnvFilter::new(format!("info,{silent}")));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}
