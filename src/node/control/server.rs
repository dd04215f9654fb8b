//! The running server's end of the control socket.

use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncWriteExt;
use tokio::net::{UnixListener, UnixStream};
use tokio::time::timeout;

use super::{Answer, Request, TIMEOUT, read_line, socket_path};
use crate::context::App;
use crate::domain::error::ErrorCode;
use crate::ops::OpError;

/// The pause after the system refused to accept a connection.
const AFTER_FAILURE: Duration = Duration::from_millis(500);

/// Answers commands until the program ends. A server without the socket works otherwise.
pub(crate) async fn run(app: Arc<App>) {
    let path = socket_path(&app.config.storage.data_dir);
    let listener = match listen(&path) {
        Ok(listener) => listener,
        Err(error) => {
            tracing::warn!(%error, path = %path.display(), "commands can't reach this server");
            return;
        }
    };
    loop {
        // One after the other: they are few.
        match listener.accept().await {
            Ok((stream, _)) => {
                if let Err(error) = answer(&app, stream).await {
                    tracing::warn!(%error, "a command was not answered");
                }
            }
            // Without a pause it would be tried all the time, for instance while too many files are open.
            Err(error) => {
                tracing::warn!(%error, "no command can be accepted");
                tokio::time::sleep(AFTER_FAILURE).await;
            }
        }
    }
}

/// Removes the socket, so that commands don't try a server that is stopping.
pub(crate) fn close(app: &App) {
    let _ = std::fs::remove_file(socket_path(&app.config.storage.data_dir));
}

/// Binds the socket. It gets its name only when it has its permissions. One that a dead server left is replaced: the
/// holder of the lease is the only server.
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
    let user = stream.peer_cred()?.uid();
    if user != 0 && user != rustix::process::geteuid().as_raw() {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, format!("user {user} may not ask")));
    }
    let line = in_time(read_line(&mut stream)).await?;
    // Without a time limit: what is cut off after its commit would not be made known to open pages.
    let answer: Answer = match serde_json::from_str::<Request>(&line) {
        Ok(request) => request.execute(app).await.map_err(|error| {
            if let OpError::Internal(error) = &error {
                tracing::error!(error = format!("{error:#}"), "a command failed");
            }
            error.code()
        }),
        Err(_) => Err(ErrorCode::UnknownRequest),
    };
    let mut answer = serde_json::to_string(&answer)?;
    answer.push('\n');
    in_time(stream.write_all(answer.as_bytes())).await
}

/// A client that neither sends nor reads keeps the others waiting for a limited time.
async fn in_time<T>(exchange: impl Future<Output = io::Result<T>>) -> io::Result<T> {
    timeout(TIMEOUT, exchange).await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))
}
