//! The process itself: what it may do, where its log goes, and how others find it again.

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

/// Starts the log on stderr. tdlib-rs is silent whatever the filter says: its warnings quote what TDLib sent.
/// tower-sessions warns of each request with the cookie of an ended session, which every open tab sends after a sign-out;
/// what goes wrong with sessions is logged where it is handled.
pub fn start_log(filter: &str) {
    let expected = "tower_sessions=error,tower_sessions_core=error";
    let silent = "tdlib_rs=off";
    let filter = EnvFilter::try_new(format!("{expected},{filter},{silent}"))
        .unwrap_or_else(|_| EnvFilter::new(format!("{expected},info,{silent}")));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}
