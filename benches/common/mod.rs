//! Support shared by the benchmark and the soak test, in addition to the stories' support.

pub mod accounts;
pub mod bare;
pub mod live;
pub mod process;
pub mod table;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::support::stack::{Home, Stack};

/// A number from the environment, or a default.
pub fn setting(name: &str, usual: u64) -> u64 {
    match std::env::var(name) {
        Ok(text) => text.parse().unwrap_or_else(|_| panic!("{name} must be a number, not {text:?}")),
        Err(_) => usual,
    }
}

pub fn median(mut all: Vec<f64>) -> f64 {
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}

/// A percentile.
pub fn percentile(mut all: Vec<f64>, percent: usize) -> f64 {
    all.sort_by(f64::total_cmp);
    all[(all.len() * percent / 100).min(all.len() - 1)]
}

/// Copies a folder recursively.
pub fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    std::fs::set_permissions(to, std::fs::metadata(from).unwrap().permissions()).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), &target).unwrap();
        }
    }
}

/// The file with a program's start time.
fn started_file(home: &Home) -> PathBuf {
    home.folder().join("started")
}

/// Starts a program, and records the time just before in the same process.
pub fn launch_noting(home: &Arc<Home>, program: Vec<OsString>, settings: &[(&str, &str)]) -> Stack {
    let file = started_file(home);
    // Remove the output of an earlier program.
    for former in [&file, &home.folder().join("log")] {
        let _ = std::fs::remove_file(former);
    }
    let note = r#"date +%s%3N >"$0"; exec "$@""#;
    let words = ["sh".into(), "-c".into(), note.into(), file.into_os_string()];
    let settings = settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Stack::launch(Arc::clone(home), words.into_iter().chain(program).collect(), settings.collect())
}

/// When the program was started, in milliseconds since 1970.
pub fn started(home: &Home) -> i64 {
    std::fs::read_to_string(started_file(home)).unwrap().trim().parse().unwrap()
}
