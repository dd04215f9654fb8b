//! `telescope health`: asks the server on this machine how it is, for images that have no curl.

use std::time::Duration;

use anyhow::{Context as _, bail, ensure};

use crate::config::Config;

/// How long the answer may take.
const PATIENCE: Duration = Duration::from_secs(5);

pub async fn run(config: Config, ready: bool) -> anyhow::Result<()> {
    ensure!(config.http.port != 0, "PORT is 0, so the server's port is not known");
    let path = if ready { "ready" } else { "health" };
    let client = reqwest::Client::builder().no_proxy().timeout(PATIENCE).build()?;
    let mut failure = None;
    for host in hosts(&config.http.host) {
        let url = format!("http://{host}:{}/{path}", config.http.port);
        match client.get(&url).send().await {
            Ok(answer) if answer.status().is_success() => {
                print!("{}", answer.text().await.unwrap_or_default());
                return Ok(());
            }
            Ok(answer) => {
                let status = answer.status();
                bail!("{url} answers {status}: {}", answer.text().await.unwrap_or_default().trim_end());
            }
            Err(error) => failure = Some(anyhow::Error::from(error.without_url()).context(url)),
        }
    }
    let failure = failure.context("HOST names nothing")?;
    Err(failure.context("no server answers"))
}

/// Where a server with this HOST is reached from the same machine.
fn hosts(host: &str) -> Vec<String> {
    let here = |hosts: &[&str]| hosts.iter().map(|host| (*host).to_owned()).collect();
    match host {
        "0.0.0.0" => here(&["127.0.0.1"]),
        "::" => here(&["[::1]", "127.0.0.1"]),
        name if name.eq_ignore_ascii_case("localhost") => here(&["127.0.0.1", "[::1]"]),
        address if address.contains(':') => vec![format!("[{address}]")],
        name => here(&[name]),
    }
}
