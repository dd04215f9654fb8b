//! Having a request carried out: by the running server, or here if none runs.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::io::AsyncWriteExt;
use tokio::net::UnixStream;
use tokio::time::{Instant, timeout};

use super::{Answer, Reply, Request, read_line, socket_path};
use crate::clock::Clock;
use crate::config::Config;
use crate::context::Context;
use crate::node::lease;
use crate::ops::OpError;
use crate::ops::audit::checkpoint;
use crate::store::Db;
use crate::words;

/// How long to try: a server that is just starting has the lease and does not listen yet.
const PATIENCE: Duration = Duration::from_secs(10);
const RETRY: Duration = Duration::from_millis(200);
/// How long the server may take: a change waits for those before it, and for a slow database.
const ANSWER: Duration = Duration::from_secs(60);

/// Has a request carried out by the running server or, under a lease of its own, by this process.
pub async fn run(config: &Config, request: &Request) -> anyhow::Result<Reply> {
    request.check().map_err(failure)?;
    let until = Instant::now() + PATIENCE;
    let mut db = None;
    loop {
        if let Some(answer) = send(config, request).await? {
            return answer.map_err(|code| anyhow::anyhow!(words::sentence(&code)));
        }
        if let Some(reply) = run_offline(&mut db, config, request).await? {
            return Ok(reply);
        }
        anyhow::ensure!(
            Instant::now() < until,
            "another Telescope is active on this database, and does not listen at {}. Run the command where that \
             server runs, as the same user and with the same DATA_DIR",
            socket_path(&config.storage.data_dir).display()
        );
        tokio::time::sleep(RETRY).await;
    }
}

/// Asks the running server; none if there is none.
async fn send(config: &Config, request: &Request) -> anyhow::Result<Option<Answer>> {
    let path = socket_path(&config.storage.data_dir);
    let mut stream = match UnixStream::connect(&path).await {
        Ok(stream) => stream,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => {
            return Ok(None);
        }
        Err(error) => return Err(error).context(format!("the socket {}", path.display())),
    };
    let mut line = serde_json::to_string(request)?;
    line.push('\n');
    let exchange = async {
        stream.write_all(line.as_bytes()).await?;
        read_line(&mut stream).await
    };
    let answer = timeout(ANSWER, exchange).await;
    let answer =
        answer.context("the server does not answer; the audit log shows whether the change was made")??;
    // A server that is stopping closes the connection; its successor is asked next.
    if answer.is_empty() {
        return Ok(None);
    }
    Ok(Some(serde_json::from_str(&answer).context("the server's answer is not understood")?))
}

/// Carries the request out under a lease of its own; none if another process has the lease.
async fn run_offline(
    db: &mut Option<Db>,
    config: &Config,
    request: &Request,
) -> anyhow::Result<Option<Reply>> {
    let db = match db {
        Some(db) => db,
        None => db.insert(Db::connect(&config.storage.db).await?),
    };
    let clock = Clock::System;
    let Some(lease) = lease::obtain_at_once(db, &clock).await? else { return Ok(None) };
    let done = execute(db, &clock, config, request).await;
    let given_back = lease.give_back().await;
    let reply = done?;
    given_back.map(|()| Some(reply))
}

async fn execute(db: &Db, clock: &Clock, config: &Config, request: &Request) -> anyhow::Result<Reply> {
    let context = Context::open(Arc::new(config.clone()), db.clone(), clock.clone()).await?;
    checkpoint::compare(&context).await?;
    let done = request.execute(&context).await;
    checkpoint::write_last(&context).await;
    done.map_err(failure)
}

/// A failure for the terminal.
pub fn failure(error: OpError) -> anyhow::Error {
    match error {
        OpError::Internal(error) => error.context("nothing was changed"),
        error => anyhow::anyhow!(words::sentence(&error.code())),
    }
}
