//! Commands that change things. If a server runs, it carries them out, so that its live state changes with the
//! database. If none runs, the command does so itself, under the same lease as a server.
//!
//! They meet at a socket in `DATA_DIR` that only Telescope's user can open. One line of JSON goes each way. A user who
//! can open it could as well change the database, so it asks for no password; the kernel says which user asks.

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

/// How long a request may take to arrive, and its answer to be read.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The longest line, in bytes.
const MAX_LINE: u64 = 16 * 1024 * 1024;

/// What a server answers: the reply, or why the request was not carried out.
type Answer = Result<Reply, ErrorCode>;

fn socket_path(data_dir: &Path) -> PathBuf {
    data_dir.join("telescope.sock")
}

/// One line, without its end; empty if the other side closed the connection.
async fn read_line(stream: &mut UnixStream) -> io::Result<String> {
    let mut line = String::new();
    BufReader::new(stream.take(MAX_LINE)).read_line(&mut line).await?;
    Ok(line.trim_end().to_owned())
}
