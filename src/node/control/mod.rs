//! Commands that make changes. If a server runs, it executes them, so that its live state changes with the database.
//! If none runs, the command executes them itself, under the same lease as a server.
//!
//! They connect through a socket in `DATA_DIR` that only Telescope's user can open; one line of JSON goes each way. A
//! user who can open it could also change the database, so there is no password; the kernel reports the peer's user.

pub mod client;
pub mod request;
mod server;

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader};
use tokio::net::UnixStream;

use crate::domain::error::ErrorCode;

pub use request::{Reply, Request};
pub(crate) use server::{close, run};

/// The timeout for receiving a request, and for sending its answer.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The longest line, in bytes.
const MAX_LINE: u64 = 16 * 1024 * 1024;

/// The server's answer: the reply, or why the request failed.
type Answer = Result<Reply, ErrorCode>;

fn socket_path(data_dir: &Path) -> PathBuf {
    data_dir.join("telescope.sock")
}

/// Reads one line without its end; empty if the other side closed the connection.
async fn read_line(stream: &mut UnixStream) -> io::Result<String> {
    let mut line = String::new();
    BufReader::new(stream.take(MAX_LINE)).read_line(&mut line).await?;
    Ok(line.trim_end().to_owned())
}
