//! The way from a command to the running server: a socket in `DATA_DIR` that only Telescope's user can open. One
//! line of JSON goes each way.
//!
//! Whoever can open it could as well change the database, so it asks for no password; the kernel says who asks.

use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::time::timeout;

use crate::context::App;
use crate::node::command::{self, Request};

/// How long one question and its answer may take.
const ANSWER: Duration = Duration::from_secs(10);
/// Bytes of a line.
const LINE: u64 = 16 * 1024 * 1024;

/// What a server answers.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Answer {
    done: bool,
    said: String,
}

impl Answer {
    /// What was said, as success or failure.
    pub(crate) fn into_result(self) -> anyhow::Result<String> {
        if self.done { Ok(self.said) } else { Err(anyhow::anyhow!(self.said)) }
    }
}

/// Where the socket is.
pub(crate) fn path(data_dir: &Path) -> PathBuf {
    data_dir.join("telescope.sock")
}

/// Asks the running server; none if there is none.
pub(crate) async fn ask(data_dir: &Path, asked: &Request) -> anyhow::Result<Option<Answer>> {
    let mut stream = match UnixStream::connect(path(data_dir)).await {
        Ok(stream) => stream,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => {
            return Ok(None);
        }
        Err(error) => return Err(error).context(format!("the socket {}", path(data_dir).display())),
    };
    let mut question = serde_json::to_string(asked)?;
    question.push('\n');
    let exchange = async {
        stream.write_all(question.as_bytes()).await?;
        line(&mut stream).await
    };
    let answer = timeout(ANSWER, exchange).await.context("the server does not answer")??;
    // A server that is just ending closes the line; whoever comes next is asked again.
    if answer.is_empty() {
        return Ok(None);
    }
    Ok(Some(serde_json::from_str(&answer).context("the server's answer is not understood")?))
}

/// Answers commands until the program ends. A server without the socket is as good otherwise.
pub(crate) async fn run(app: Arc<App>) {
    let path = path(&app.config.data_dir);
    let listener = match listen(&path) {
        Ok(listener) => listener,
        Err(error) => {
            tracing::warn!(%error, path = %path.display(), "commands can't reach this server");
            return;
        }
    };
    loop {
        // One after the other: they are few.
        let answered = match listener.accept().await {
            Ok((stream, _)) => timeout(ANSWER, answer(&app, stream)).await.unwrap_or(Ok(())),
            Err(error) => Err(error),
        };
        if let Err(error) = answered {
            tracing::warn!(%error, "a command was not answered");
        }
    }
}

/// Takes the socket away, so that a command does not knock at a closed door.
pub(crate) fn close(app: &App) {
    let _ = std::fs::remove_file(path(&app.config.data_dir));
}

/// Binds the socket. It gets its name only when it has its permissions; one that a dead server left is replaced,
/// for whoever holds the lease is the only one.
fn listen(path: &Path) -> io::Result<UnixListener> {
    if let Some(folder) = path.parent() {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let unfinished = path.with_extension("new");
    match std::fs::remove_file(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(&unfinished)?;
    std::fs::set_permissions(&unfinished, std::fs::Permissions::from_mode(0o600))?;
    std::fs::rename(&unfinished, path)?;
    Ok(listener)
}

async fn answer(app: &App, mut stream: UnixStream) -> io::Result<()> {
    let asks = stream.peer_cred()?.uid();
    if asks != 0 && asks != rustix::process::geteuid().as_raw() {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, format!("user {asks} may not ask")));
    }
    let question = line(&mut stream).await?;
    let done = match serde_json::from_str::<Request>(&question) {
        Ok(order) => order.serve(app).await.map_err(command::words),
        Err(_) => Err("This server does not know the command; it is of another version.".to_owned()),
    };
    let answer = match done {
        Ok(said) => Answer { done: true, said },
        Err(said) => Answer { done: false, said },
    };
    let mut answer = serde_json::to_string(&answer)?;
    answer.push('\n');
    stream.write_all(answer.as_bytes()).await
}

/// One line, without its end; empty if there was none.
async fn line(stream: &mut UnixStream) -> io::Result<String> {
    let mut line = String::new();
    BufReader::new(stream.take(LINE)).read_line(&mut line).await?;
    Ok(line.trim_end().to_owned())
}
